"""Provenance: computing a value records every contributing line, however indirect."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blueprint.bundle.model import FieldOrigin
from blueprint.diagnostics import Span
from blueprint.pipeline import compile_blueprint
from blueprint.platform.tracking.recorder import decided_by, record, recording, tracked_property, untracked
from blueprint.platform.tracking.sources import Source, by_relevance
from blueprint.platform.tracking.tracked import Origins, plain, track
from blueprint.source.loader import load_text
from blueprint.source.merge import Layer, nodes_of
from blueprint.source.paths import Path
from blueprint.spec.pools import NodePool

TEXT = """\
nodes: 4
selector: {b: x, a: z}
gpu:
  product: L4
  count: 1
"""
ORIGINS = Origins(nodes_of(load_text(TEXT, "pool.yaml"), Layer("pool.yaml", "blueprint", 0)))


def pool() -> Any:
    """The pool of TEXT, tracked."""
    return track(NodePool.model_validate(load_text(TEXT, "pool.yaml").data), ORIGINS)


def recorded(read: Callable[[], Any]) -> list[tuple[str, str]]:
    """Path and layer of everything that was read."""
    with recording() as sources:
        read()
    return [(source.path, source.layer) for source in sources]


def test_a_read_records_every_step() -> None:
    assert recorded(lambda: pool().gpu.count) == [("gpu", "blueprint"), ("gpu.count", "blueprint")]


def test_a_default_is_recorded_at_the_nearest_place_above_it() -> None:
    with recording() as sources:
        assert pool().expect.ecc is None
    last = [*sources][-1]
    assert (last.path, last.layer, last.span.line) == ("expect.ecc", "default", 1)


def test_a_number_that_stands_for_a_map_is_written_not_a_default() -> None:
    assert recorded(lambda: pool().nodes.max)[-1] == ("nodes", "blueprint")


@pytest.mark.parametrize(
    ("read", "last"),
    [
        (lambda p: list(p.selector), "selector.a"),
        (lambda p: plain(p.selector), "selector.a"),
        (lambda p: "c" in p.selector, "selector.c"),
        (lambda p: p.selector.get("c"), "selector.c"),
        (lambda p: p.selector["b"], "selector.b"),
        (lambda p: p.selector.values(), "selector.a"),
        (lambda p: len(p.selector), "selector"),
        (lambda p: bool(p.taints), "taints"),
        (lambda p: list(p.taints), "taints"),
    ],
)
def test_every_way_of_looking_into_a_map_is_recorded(read: Callable[[Any], Any], last: str) -> None:
    """Absence is recorded too: a key that is added later must be a possible cause."""
    assert last in {path for path, _ in recorded(lambda: read(pool()))}


class Computed:
    """Two levels of values computed from the pool."""

    def __init__(self) -> None:
        self.pool = pool()
        self.computed = 0

    @tracked_property
    def count(self) -> int:
        """Read from the blueprint."""
        self.computed += 1
        return int(self.pool.gpu.count)

    @tracked_property
    def double(self) -> int:
        """Computed from another one."""
        return 2 * self.count


def test_a_tracked_property_is_computed_once_and_passes_its_sources_on_every_time() -> None:
    subject = Computed()
    first = recorded(lambda: subject.double)
    assert ("gpu.count", "blueprint") in first
    assert recorded(lambda: subject.double) == first
    assert recorded(lambda: subject.count) == first
    assert subject.computed == 1


def test_recordings_nest_and_an_outer_one_contains_everything() -> None:
    one, two = (Source("blueprint", Span("a", n, 1, n, 2), f"p{n}") for n in (1, 2))
    with recording() as outer:
        record(one)
        with recording() as inner:
            record(two)
    assert ([*inner], [*outer]) == ([two], [one, two])


def test_a_failure_inside_ends_the_recording() -> None:
    def fail() -> None:
        with recording():
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    record(Source("blueprint", Span("a", 1, 1, 1, 2), "p"))
    assert recorded(lambda: None) == []


def test_the_order_is_written_lines_then_defaults_then_the_catalogue() -> None:
    def source(layer: str, path: str) -> Source:
        return Source(layer, Span("a", 1, 1, 1, 2), path)

    deciding, giving = source("blueprint", "spec.a"), source("overlay", "spec.b.c")
    enclosing, default, fact = source("blueprint", "spec.b"), source("default", "spec.d"), source("release", "driver")
    assert by_relevance([fact, default, deciding, enclosing, giving, giving]) == (giving, deciding, default, fact)


def test_threads_record_apart() -> None:
    """Each compiles its own blueprint, with many thread switches, and finds only its own lines."""

    def compiled(name: str) -> dict[str, dict[Path, FieldOrigin]]:
        bundle = compile_blueprint(f"examples/{name}/blueprint.yaml").bundle
        assert bundle is not None
        return {str(obj.id): dict(obj.origins) for obj in bundle.objects}

    names = ("h100-training", "mig-inference")
    alone = [compiled(name) for name in names]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(len(names)) as threads:
            together = [*threads.map(compiled, names)]
    finally:
        sys.setswitchinterval(interval)
    assert together == alone


def test_what_is_read_untracked_is_not_recorded() -> None:
    def read() -> None:
        with untracked():
            assert pool().gpu.count == 1
        decided_by(pool().nodes.max)

    assert {path for path, _ in recorded(read)} == {"nodes"}
