"""Lists whose items have no key: common items are matched, so that one additional item is one difference."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blueprint.changes.compare import ABSENT, differences

ITEMS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8)
RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


def test_an_inserted_item_is_one_difference() -> None:
    other = {**RULE, "resources": ["nodes"]}
    assert list(differences([RULE, other], [RULE, {**RULE, "verbs": ["list"]}, other])) == [
        ((1,), ABSENT, {**RULE, "verbs": ["list"]})
    ]


def test_a_removed_item_is_one_difference() -> None:
    assert list(differences(["get", "list", "watch"], ["get", "watch"])) == [((1,), "list", ABSENT)]


def test_a_changed_item_is_compared_with_the_item_in_its_place() -> None:
    changed = {**RULE, "verbs": ["get", "list"]}
    assert list(differences([RULE, "x"], [changed, "x"])) == [((0, "verbs", 1), ABSENT, "list")]


def test_lists_too_long_to_align_are_compared_by_index() -> None:
    old = [str(number) for number in range(1100)]
    found = list(differences(old, ["new", *old]))
    assert len(found) == len(old) + 1


@given(ITEMS, ITEMS)
def test_the_differences_lead_from_one_list_to_the_other(old: list[str], new: list[str]) -> None:
    """Taken together they state exactly what must be removed and added."""
    gone, came = [], []
    for path, was, now in differences(old, new):
        _note(gone, was)
        _note(came, now)
        assert path == (path[0],)
        if now is not ABSENT:
            assert new[path[0]] == now
        else:
            assert old[path[0]] == was
    left = sorted(new)
    for item in came:
        left.remove(item)
    assert left == sorted(_without(old, gone))


@given(ITEMS)
def test_a_list_differs_nowhere_from_itself(items: list[str]) -> None:
    assert list(differences(items, list(items))) == []


def _note(found: list[Any], value: Any) -> None:
    if value is not ABSENT:
        found.append(value)


def _without(items: list[str], gone: list[str]) -> list[str]:
    left = list(items)
    for item in gone:
        left.remove(item)
    return left
