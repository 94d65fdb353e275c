"""The cost of a comparison grows linearly with the input, whatever changes in every pool: calls are counted."""

from __future__ import annotations

import functools
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli import sides
from blueprint.cli.commands import diff
from blueprint.platform.tracking.sources import SourceGroup
from blueprint.records import replace
from tests.platform.test_scaling import SHAPES, with_pools
from tests.support.call_counts import counted_calls, is_linear

CHANGES = {
    "driver": ("all together", '"580"', '"595"'),
    "driver objects": ("a driver each", '"580"', '"595"'),
    "size": ("all together", "nodes: 2", "nodes: 3"),
    "taints": ("a driver each", '"true:NoSchedule"', '"yes:NoSchedule"'),
    "layout": ("cut, two products", "1g.10gb: 7", "1g.10gb: 5"),
    "sharing": ("all together", "timeSlicing: 4", "timeSlicing: 8"),
    "release": ("cut, two products", '"2026.11"', '"2026.06"'),
}
"""A value that differs in each pool of a shape, or the same change for all of them."""
NOTHING_ADDED: dict[str, Any] = {"waivers": None, "overlay": [], "set": [], "compiled_waivers": None}


def cost(folder: Path, count: int, change: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of function calls of the comparison once both sides are compiled."""
    shape, old, new = change
    before = with_pools(folder, count, *SHAPES[shape])
    text = before.read_text("utf-8")
    after = before.with_name("after.yaml")
    after.write_text(text.replace(old, new), "utf-8")
    loaded = {str(path): sides.load_side(str(path), Namespace(**NOTHING_ADDED)) for path in (before, after)}
    with monkeypatch.context() as patch:
        patch.setattr(sides, "load_side", lambda target, _: loaded[target])
        calls, run = counted_calls(lambda: diff.run(Namespace(before=str(before), after=str(after), **NOTHING_ADDED)))
    assert run.exit_code == 1
    return calls


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_further_pool_costs_as_much_as_the_one_before(
    change: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = functools.partial(cost, tmp_path, change=change, monkeypatch=monkeypatch)
    measure(10)  # imported or read once
    few, some, many = (measure(count) for count in (20, 40, 80))
    assert is_linear(few, some, many)


def test_files_are_split_and_groups_spread_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A count of calls cannot show this: each must happen only once, however large the file or the group."""
    split: list[int] = []
    spread: list[int] = []

    class Text(str):
        __slots__ = ()

        def splitlines(self, keepends: bool = False) -> list[str]:
            split.append(len(self))
            return super().splitlines(keepends)

    inner = SourceGroup.sources.fget
    assert inner is not None
    monkeypatch.setattr(SourceGroup, "sources", property(lambda group: (spread.append(1), inner(group))[1]))
    shape, old, new = CHANGES["driver objects"]
    before = with_pools(tmp_path, 80, *SHAPES[shape])
    after = before.with_name("after.yaml")
    after.write_text(before.read_text("utf-8").replace(old, new), "utf-8")
    loaded = {str(path): sides.load_side(str(path), Namespace(**NOTHING_ADDED)) for path in (before, after)}
    for name, side in loaded.items():
        texts = {file: Text(text) for file, text in side.bundle.texts.items()}
        loaded[name] = replace(side, bundle=replace(side.bundle, texts=texts))
    monkeypatch.setattr(sides, "load_side", lambda target, _: loaded[target])
    spread.clear()
    diff.run(Namespace(before=str(before), after=str(after), **NOTHING_ADDED))
    assert len(split) <= sum(len(side.bundle.texts) for side in loaded.values())
    assert len(spread) < 20
