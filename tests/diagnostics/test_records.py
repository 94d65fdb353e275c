"""Our `dataclass` makes what the standard library's makes: one class of each make is asked the same."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any

import pytest

from blueprint.diagnostics.records import dataclass


def made(decorator: Callable[..., Any]) -> Any:
    """One class by this decorator."""

    @decorator(frozen=True, slots=True)
    class Place:
        """Somewhere."""

        file: str
        line: int = 1
        marks: list[str] = field(default_factory=list)
        secret: str = field(default="", repr=False, compare=False)

        @property
        def said(self) -> str:
            """In words."""
            return f"{self.file}:{self.line}"

    Place.__module__, Place.__qualname__ = __name__, "Place"
    return Place


OURS, THEIRS = made(dataclass), made(dataclasses.dataclass)
Place = OURS  # where pickle looks for it
QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "text": lambda cls: repr(cls("f", 2, ["m"], "hidden")),
    "not compared": lambda cls: cls("f") == cls("f", 1, [], "x"),
    "other value": lambda cls: cls("f") == cls("g"),
    "other type": lambda cls: cls("f") == ("f", 1, [], ""),
    "replace": lambda cls: dataclasses.astuple(dataclasses.replace(cls("f"), line=7)),
    "asdict": lambda cls: dataclasses.asdict(cls("f", marks=["m"])),
    "fields": lambda cls: [(each.name, each.type, each.repr, each.compare) for each in dataclasses.fields(cls)],
    "class": lambda cls: (cls.__slots__, cls.__match_args__, cls.__doc__, dataclasses.is_dataclass(cls)),
    "property": lambda cls: cls("f").said,
    "default factory": lambda cls: cls("f").marks is cls("f").marks,
    "copy": lambda cls: dataclasses.astuple(copy.copy(cls("f", 3))),
}
ATTEMPTS: dict[str, Callable[[Any], Any]] = {
    "too few": lambda cls: cls(),
    "too many": lambda cls: cls("f", 1, [], "", 5),
    "unknown": lambda cls: cls("f", other=1),
    "set": lambda cls: setattr(cls("f"), "line", 2),
    "delete": lambda cls: delattr(cls("f"), "line"),
    "hash of a list": lambda cls: hash(cls("f")),
    "no dictionary": lambda cls: cls("f").__dict__,
}


def test_one_of_them_was_made_here() -> None:
    assert (hasattr(OURS, "_compared"), hasattr(THEIRS, "_compared")) == (True, False)


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_it_answers_alike(ask: Callable[[Any], Any]) -> None:
    assert ask(OURS) == ask(THEIRS)


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_it_refuses_alike(attempt: Callable[[Any], Any]) -> None:
    errors = []
    for cls in (OURS, THEIRS):
        with pytest.raises((TypeError, AttributeError)) as caught:
            attempt(cls)
        errors.append((caught.type, str(caught.value).rpartition(".")[2]))
    assert errors[0] == errors[1]


def test_equal_ones_hash_alike() -> None:
    one, other = OURS("f", 1, (), "x"), OURS("f", 1, (), "y")
    assert one == other
    assert hash(one) == hash(other)


def test_it_survives_pickle() -> None:
    assert pickle.loads(pickle.dumps(OURS("f", 4))) == OURS("f", 4)  # noqa: S301 - our own


def test_those_below_have_all_fields_by_name() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Base:
        """Above."""

        first: int = 1

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Below(Base):
        """Below."""

        second: int

    assert hasattr(Below, "_compared")
    assert repr(Below(second=2)).endswith("Below(first=1, second=2)")
    assert Below(second=2) != Below(first=0, second=2)
    with pytest.raises(TypeError):
        Below(1, 2)  # type: ignore[call-arg]


def test_what_asks_for_more_is_left_to_the_standard_library() -> None:
    @dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        """Compares."""

        number: int

    @dataclass(frozen=True, slots=True)
    class Checked:
        """Looks at itself."""

        number: int

        def __post_init__(self) -> None:
            if self.number < 0:
                raise ValueError(self.number)

    assert Ordered(1) < Ordered(2)
    with pytest.raises(ValueError, match="-1"):
        Checked(-1)
