"""Whoever computes a value gets every line that took part, however many steps away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blueprint.diagnostics import Span
from blueprint.platform.tracking.sources import Source, in_order
from blueprint.platform.tracking.tracked import Origins, derived, note, plain, reading, track
from blueprint.source.loader import load_text
from blueprint.source.merge import Layer, nodes_of
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


def noted(read: Callable[[], Any]) -> list[tuple[str, str]]:
    """Path and layer of everything that was read."""
    with reading() as sources:
        read()
    return [(source.path, source.layer) for source in sources]


def test_a_read_notes_every_step() -> None:
    assert noted(lambda: pool().gpu.count) == [("gpu", "blueprint"), ("gpu.count", "blueprint")]


def test_a_default_is_noted_at_the_nearest_place_above_it() -> None:
    with reading() as sources:
        assert pool().expect.ecc is None
    last = [*sources][-1]
    assert (last.path, last.layer, last.span.line) == ("expect.ecc", "default", 1)


def test_a_number_that_stands_for_a_map_is_written_not_a_default() -> None:
    assert noted(lambda: pool().nodes.max)[-1] == ("nodes", "blueprint")


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
def test_every_way_of_looking_into_a_map_is_noted(read: Callable[[Any], Any], last: str) -> None:
    """Absence is noted too: a key that appears later must have been a reason."""
    assert last in {path for path, _ in noted(lambda: read(pool()))}


class Derived:
    """Two steps of computed values over the pool."""

    def __init__(self) -> None:
        self.pool = pool()
        self.computed = 0

    @derived
    def count(self) -> int:
        """Read from the blueprint."""
        self.computed += 1
        return int(self.pool.gpu.count)

    @derived
    def double(self) -> int:
        """Computed from another one."""
        return 2 * self.count


def test_a_derived_value_is_computed_once_and_passes_its_sources_on_every_time() -> None:
    subject = Derived()
    first = noted(lambda: subject.double)
    assert ("gpu.count", "blueprint") in first
    assert noted(lambda: subject.double) == first
    assert noted(lambda: subject.count) == first
    assert subject.computed == 1


def test_frames_nest_and_an_outer_one_sees_it_all() -> None:
    one, two = (Source("blueprint", Span("a", n, 1, n, 2), f"p{n}") for n in (1, 2))
    with reading() as outer:
        note(one)
        with reading() as inner:
            note(two)
    assert ([*inner], [*outer]) == ([two], [one, two])


def test_a_failure_inside_leaves_no_frame_behind() -> None:
    def fail() -> None:
        with reading():
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    note(Source("blueprint", Span("a", 1, 1, 1, 2), "p"))
    assert noted(lambda: None) == []


def test_the_order_is_written_lines_then_defaults_then_the_catalogue() -> None:
    def source(layer: str, path: str) -> Source:
        return Source(layer, Span("a", 1, 1, 1, 2), path)

    deciding, giving = source("blueprint", "spec.a"), source("overlay", "spec.b.c")
    enclosing, default, fact = source("blueprint", "spec.b"), source("default", "spec.d"), source("release", "driver")
    assert in_order([fact, default, deciding, enclosing, giving, giving]) == (giving, deciding, default, fact)
