"""The cost of tracing a value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blueprint.bundle.model import Bundle
from blueprint.bundle.output import write_bundle
from blueprint.bundle.reader import read_bundle
from blueprint.bundle.trace import deciding_paths, trace_back, trace_forward
from blueprint.pipeline import compile_blueprint
from blueprint.platform.tracking import sources
from tests.support.call_counts import counted_calls, is_linear
from tests.support.synthetic_blueprints import with_pools

COUNTS = (48, 96, 192)
"""Pools of every shape; from 33 on, values that they determine together have a group of sources."""


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Bundle, Path]]:
    """Compiled bundles of growing size, and their folders."""
    found = []
    for count in COUNTS:
        folder = tmp_path_factory.mktemp(f"pools-{count}")
        compilation = compile_blueprint(str(with_pools(folder, count)))
        assert compilation.files
        write_bundle(compilation.files, folder / "bundle")
        found.append((compilation.valid_bundle(), folder / "bundle"))
    return found


def back(bundle: Bundle) -> int:
    """Every leaf of every object, with the line that gave it."""
    return sum(field.first is not None for obj in bundle.objects for field in trace_back(obj, ()))


def forward(bundle: Bundle) -> int:
    """What is determined by a line that affects everything, and by one of a single pool."""
    return sum(1 for path in ("spec.release", "spec.nodePools.pool-0004.gpu") for _ in trace_forward(bundle, path))


def nearest(bundle: Bundle) -> int:
    """The paths that a mistyped one is compared with."""
    return len(deciding_paths(bundle))


@pytest.mark.parametrize("trace", [back, forward, nearest])
@pytest.mark.parametrize("stored", [False, True], ids=["compiled", "stored"])
def test_tracing_is_linear_in_the_number_of_pools(
    trace: Callable[[Bundle], int], stored: bool, bundles: list[tuple[Bundle, Path]]
) -> None:
    def traced(compiled: Bundle, folder: Path) -> int:
        sources._by_relevance.cache_clear()  # a command reads a bundle once, not again and again
        return trace(read_bundle(folder) if stored else compiled)

    traced(*bundles[0])  # imported or initialised once
    few, some, many = (counted_calls(lambda each=each: traced(*each)) for each in bundles)
    assert is_linear(few[0], some[0], many[0])
    assert is_linear(few[1], some[1], many[1])
