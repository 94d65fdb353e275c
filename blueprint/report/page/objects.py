"""Changed objects on the page: foldable, and open if there are only a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange
from blueprint.records import Record
from blueprint.redaction.secrets import Redacted
from blueprint.report.changes import MARKS, only_labels, origin_text, split_label_changes
from blueprint.report.page.side_by_side import DiffRow, side_by_side
from blueprint.report.values import one_line
from blueprint.source.paths import format_path
from blueprint.source.yaml_writer import readable

MOST_OPEN = 40
_LONGEST = 2000


class FieldView(Record):
    """One field that changes, both values side by side."""

    path: str
    rows: tuple[DiffRow, ...]
    origin: str


class ObjectView(Record):
    """One object that changes."""

    kind: str
    mark: str
    name: str
    action: str
    reason: str
    fields: tuple[FieldView, ...]


class Names(Record):
    """Objects that are shown only by name."""

    summary: str
    names: tuple[str, ...]


class ChangesView(Record):
    """All changed objects. Those with only label changes, and unchanged ones, are shown by name."""

    objects: tuple[ObjectView, ...]
    names: tuple[Names, ...]

    @property
    def are_open(self) -> bool:
        """Whether the objects are unfolded."""
        return len(self.objects) <= MOST_OPEN


def changes_view(changes: Sequence[ObjectChange]) -> ChangesView:
    """The changes on the page, in order."""
    shown, labelled = split_label_changes(changes)
    unchanged = [change for change in changes if change.action is Action.UNCHANGED]
    folded = [(labelled, only_labels(labelled))] if labelled else []
    folded += [(unchanged, f"{len(unchanged)} unchanged")] if unchanged else []
    names = (Names(summary, tuple(str(change.id) for change in each)) for each, summary in folded)
    return ChangesView(tuple(map(_object, shown)), tuple(names))


def _object(change: ObjectChange) -> ObjectView:
    kind = "unknown-change" if change.action is Action.UNKNOWN else change.action.value
    fields = tuple(map(_field, change.fields))
    return ObjectView(kind, MARKS[change.action], str(change.id), change.action.value, change.reason, fields)


def _field(field: FieldChange) -> FieldView:
    name = field.name or format_path(field.path)
    return FieldView(name, _rows(field.before, field.after), origin_text(field.origin))


def _rows(before: Any, after: Any) -> tuple[DiffRow, ...]:
    if any(_has_lines(value) for value in (before, after)):
        return side_by_side(_lines(before), _lines(after))
    left, right = (None if value is ABSENT else one_line(value, _LONGEST) for value in (before, after))
    return (DiffRow("differs", left, right),)


def _has_lines(value: Any) -> bool:
    if isinstance(value, str) and not isinstance(value, Redacted):
        return "\n" in value.strip()
    return isinstance(value, dict | list)


def _lines(value: Any) -> str:
    if value is ABSENT:
        return ""
    return value if isinstance(value, str) else readable(value)
