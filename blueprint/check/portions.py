"""Validates very large values in portions, because the engine keeps every error, of a few kilobytes, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Protocol, TypeVar

from blueprint.bundle.model import Path

LARGEST = 10_000
"""The maximum number of list items, or map entries, that are validated at once."""


_OF_ANY_PART = frozenset({"additionalProperties", "maxItems", "maxProperties", "type", "uniqueItems"})
"""What is wrong with a whole collection if it is wrong with a part of it; a required field may be in another part."""


class Fault(Protocol):
    """An error found by an engine."""

    @property
    def path(self) -> Path:
        """The path of the value."""

    @property
    def keyword(self) -> str:
        """The violated keyword of the schema."""


F = TypeVar("F", bound=Fault)
_COLLECTIONS = (dict, list)
"""A tuple, because `dict | list` is built anew on each check, which takes four times as long."""


def in_portions(value: Any, validate: Callable[[Any], Iterator[F]], moved: Callable[[F, Path], F]) -> Iterator[F]:
    """All errors inside a value. Those of a long collection as a whole (its length) may be missing.

    Args:
        value: The value to validate.
        validate: Yields the errors of a value.
        moved: Returns the same error with another path.
    """
    at = _first_long(value, ()) if isinstance(value, _COLLECTIONS) else None
    if at is None:
        yield from validate(value)
        return
    whole = at_path(value, at)
    for fault in in_portions(_with(value, at, _cut(whole, 0)), validate, moved):
        if fault.path != at or fault.keyword in _OF_ANY_PART:
            yield fault
    short = _with(_shortened(_with(value, at, ())), at, ())
    for start in range(LARGEST, len(whole), LARGEST):
        for fault in in_portions(_with(short, at, _cut(whole, start)), validate, moved):
            inside = fault.path[: len(at)] == at
            if inside and len(fault.path) > len(at):
                step = fault.path[len(at)]
                real = step + start if isinstance(whole, list) and isinstance(step, int) else step
                yield moved(fault, (*at, real, *fault.path[len(at) + 1 :]))
            elif inside and fault.keyword == "additionalProperties":
                yield fault


def _first_long(value: Any, path: Path) -> Path | None:
    """The path of the outermost collection that is too long, if there is one."""
    if len(value) > LARGEST:
        return path
    for step, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(each, _COLLECTIONS) and (found := _first_long(each, (*path, step))) is not None:
            return found
    return None


def at_path(value: Any, path: Path) -> Any:
    """The value at a path."""
    for step in path:
        value = value[step]
    return value


def _with(value: Any, path: Path, new: Any) -> Any:
    """A copy with another value at the path; everything else is shared."""
    if not path:
        return new
    copied = value.copy()
    copied[path[0]] = _with(value[path[0]], path[1:], new)
    return copied


def _cut(collection: Any, start: int) -> Any:
    part = islice(collection.items() if isinstance(collection, dict) else collection, start, start + LARGEST)
    return dict(part) if isinstance(collection, dict) else list(part)


def _shortened(value: Any) -> Any:
    """A copy in which all collections are short enough."""
    if isinstance(value, dict):
        return {key: _shortened(each) for key, each in islice(value.items(), LARGEST)}
    return [_shortened(each) for each in value[:LARGEST]] if isinstance(value, list) else value
