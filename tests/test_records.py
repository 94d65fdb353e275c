"""Records are values: frozen, equal by their fields, hashable; `replace` serves them and dataclasses."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from blueprint.records import MutableRecord, Record, replace


class Point(Record):
    x: int
    y: int = 0


class Named(Point, kw_only=True):
    name: str


class Count(MutableRecord):
    of: int = 0


@dataclass(frozen=True)
class Plain:
    x: int


def test_a_record_is_a_value() -> None:
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(1, 1)
    assert len({Point(1), Point(1, 0), Point(2)}) == 2
    assert Named(1, name="a") != Point(1)
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]


def test_a_mutable_record_can_be_set_and_has_no_hash() -> None:
    count = Count()
    count.of += 1
    assert count == Count(1)
    with pytest.raises(TypeError):
        hash(count)


@pytest.mark.parametrize(
    ("old", "new"), [(Point(1, 5), Point(2, 5)), (Named(1, name="a"), Named(2, name="a")), (Plain(1), Plain(2))]
)
def test_replace(old: object, new: object) -> None:
    assert replace(old, x=2) == new
    with pytest.raises(TypeError):
        replace(old, colour="red")
