"""Long lists and maps are validated in portions, with the same findings."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from blueprint.check import portions
from blueprint.check.validator import compile_schema

NUMBERS = {"type": "array", "items": {"type": "integer"}}
FIELDS = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
SCHEMA = {
    "type": "object",
    "properties": {
        "list": NUMBERS,
        "lists": {"type": "array", "items": NUMBERS},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "objects": {"type": "array", "items": FIELDS},
        "closed": FIELDS,
        "name": {"type": "string"},
    },
}
VALUES = [
    {"list": [1, "x"]},
    {"list": [1, 2, 3, "x"]},
    {"list": ["x", 2, 3, 4, "y", 6, "z"]},
    {"list": [1, 2, 3, 4], "name": 7},
    {"lists": [[1], ["x"], [], [1, 2, 3, "y", "z"], [1, 2, 3, 4, 5, 6, "last"]]},
    {"map": {str(number): number if number % 3 else "x" for number in range(10)}, "list": [1, 2, 3, 4, "x"]},
    {"objects": [{"a": 1}, {"a": "x"}, {}, {"b": 1}, {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}]},
    {"closed": {"a": "x", **dict.fromkeys("bcdefgh", 1)}},
    {"closed": {**dict.fromkeys("bcdefgh", 1), "a": 1}},  # required fields come last
]


def found(value: Any) -> Counter[tuple[Any, str, str]]:
    return Counter((each.path, each.keyword, repr(each.value)) for each in compile_schema(SCHEMA)(value))


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_faults_in_portions_are_those_of_the_whole(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = found(value)
    assert whole
    monkeypatch.setattr(portions, "LARGEST", 3)
    assert found(value) == whole


@pytest.mark.parametrize(
    "value", [{"list": list(range(7))}, {"map": {str(number): number for number in range(7)}}], ids=str
)
def test_nothing_is_found_in_what_is_sound(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "LARGEST", 3)
    assert not found(value)


def test_no_portion_is_longer_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "LARGEST", 3)
    seen: list[Any] = []

    def validate(value: Any) -> Any:
        seen.append(value)
        return iter(())

    value = {"a": list(range(7)), "b": {str(number): [number] * 5 for number in range(4)}}
    assert list(portions.in_portions(value, validate, lambda fault, _: fault)) == []

    def longest(value: Any) -> int:
        below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return max([len(value) if isinstance(value, dict | list) else 0, *map(longest, below)])

    assert max(map(longest, seen)) == 3
    assert len(value["a"]) == 7, "what is validated stays as it is"
    parts = [part for each in seen for part in [each["a"]] if part]
    assert sorted({number for part in parts for number in part}) == list(range(7))
