"""Compares two sets of objects, object by object and field by field. Used by `diff` and `plan`."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.bundle.model import FieldOrigin, Object, ObjectId, Path
from blueprint.records import Record
from blueprint.source.paths import format_path, list_key


class Action(enum.StrEnum):
    """The action for an object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"


ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "(absent)", "__bool__": lambda _: False})()
"""Represents a missing field, as opposed to null."""


_MOST_ALIGNED = 1_000_000
"""Above this product of lengths, items are compared by index."""


class FieldChange(Record):
    """One field that differs. `before` or `after` is ABSENT if the field is added or removed.

    `name` is the field in readable form, with list items by key.
    """

    path: Path
    before: Any
    after: Any
    origin: FieldOrigin | None = None
    name: str = ""

    @property
    def shown(self) -> str:
        """The name, or the path if there is none."""
        return self.name or format_path(self.path)


class ObjectChange(Record):
    """One object and its action; `reason` explains an unusual one (an immutable field, ...)."""

    id: ObjectId
    action: Action
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""


def compare_objects(before: Iterable[Object], after: Iterable[Object]) -> list[ObjectChange]:
    """All objects of both sides, ordered by identity, including unchanged ones."""
    old = {o.id: o for o in before}
    new = {o.id: o for o in after}
    return [_change(identity, old.get(identity), new.get(identity)) for identity in sorted({*old, *new})]


def _change(identity: ObjectId, old: Object | None, new: Object | None) -> ObjectChange:
    if old is None:
        return ObjectChange(identity, Action.CREATE)
    if new is None:
        return ObjectChange(identity, Action.DELETE)
    fields = tuple(
        FieldChange(path, was, now, new.origin(path), format_path(path, old.data if now is ABSENT else new.data))
        for path, was, now in differences(old.data, new.data)
    )
    if not fields and old.digest != new.digest:
        return ObjectChange(identity, Action.UPDATE, reason="the same items in another order")
    return ObjectChange(identity, Action.UPDATE if fields else Action.UNCHANGED, fields)


def differences(old: Any, new: Any, at: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """All leaves or subtrees that differ, as (path, old, new). List indices in paths are those of the side with the
    item (`new` if both have it).
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), (*at, key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_differences(old, new, at)
    elif old is ABSENT or new is ABSENT or type(old) is not type(new) or old != new:
        yield at, old, new


def _list_differences(old: list[Any], new: list[Any], at: Path) -> Iterator[tuple[Path, Any, Any]]:
    key = list_key(old, new)
    if key is None:
        yield from _aligned(old, new, at)
        return
    olds = {item[key]: (index, item) for index, item in enumerate(old)}
    news = {item[key]: (index, item) for index, item in enumerate(new)}
    for name in [*news, *(n for n in olds if n not in news)]:
        index = news[name][0] if name in news else olds[name][0]
        was = olds[name][1] if name in olds else ABSENT
        now = news[name][1] if name in news else ABSENT
        yield from differences(was, now, (*at, index))


def _aligned(old: list[Any], new: list[Any], at: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Items without a key. Items in the same order on both sides are aligned, so that one added item is one
    difference.
    """
    for before, after in _runs(old, new):
        for was, now in itertools.zip_longest(before, after):
            index = was if now is None else now
            yield from differences(
                ABSENT if was is None else old[was], ABSENT if now is None else new[now], (*at, index)
            )


def _runs(old: list[Any], new: list[Any]) -> Iterator[tuple[range, range]]:
    """The index ranges of old and new items that correspond to each other but differ."""
    if len(old) * len(new) > _MOST_ALIGNED:
        yield range(len(old)), range(len(new))
        return
    import difflib  # only if something differs

    matcher = difflib.SequenceMatcher(None, [repr(each) for each in old], [repr(each) for each in new], autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            yield range(i, j), range(k, m)
