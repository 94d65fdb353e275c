"""One changed object with both of its states, from which effects and upgrade paths are determined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.bundle.model import FieldOrigin, Object, ObjectId, Path
from blueprint.changes.compare import ObjectChange
from blueprint.diagnostics import Span
from blueprint.records import Record


class ChangedObject(Record):
    """An object that changes. `before` and `after` are its data, or None if it does not exist."""

    change: ObjectChange
    component: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    origin: FieldOrigin | None = None

    def place(self, path: Path) -> Span | None:
        """The line that decided a changed field, or else the line that decided the object."""
        own = next((field.origin for field in self.change.fields if field.path == path and field.origin), None)
        origin = own or self.origin
        return origin.place if origin else None

    def value(self, path: str, state: str = "after") -> Any:
        """The value at a dotted path whose keys contain no dots; None if there is none."""
        here: Any = self.after if state == "after" else self.before
        for step in path.split("."):
            here = here.get(step) if isinstance(here, Mapping) else None
        return here


def changed_objects(
    changes: Iterable[ObjectChange], before: Mapping[ObjectId, Mapping[str, Any]], after: Iterable[Object],
) -> list[ChangedObject]:  # fmt: skip
    """All changes that have an effect, with both states of the object."""
    objects = {obj.id: obj for obj in after}
    found = []
    for change in changes:
        obj = objects.get(change.id)
        if change.action == "unchanged":
            continue
        origin = obj.origin(()) if obj else None
        found.append(
            ChangedObject(
                change, obj.component if obj else "", before.get(change.id), obj.data if obj else None, origin
            )
        )
    return found
