"""Why a field differs between two bundles: of all lines that decide it, those that are not the same on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from blueprint.bundle.model import Bundle, FieldOrigin, Object
from blueprint.changes.compare import FieldChange, ObjectChange
from blueprint.platform.tracking.sources import Source

Line = tuple[str, str, str]


def because_of_changed_lines(changes: Iterable[ObjectChange], before: Bundle, after: Bundle) -> Iterator[ObjectChange]:
    """The same changes; each field is said to come from the lines that changed, where any of its lines did."""
    old = {obj.id: obj for obj in before.objects}
    for change in changes:
        known = old.get(change.id)
        yield replace(change, fields=tuple(_field(f, known, before, after) for f in change.fields)) if known else change


def _field(field: FieldChange, known: Object, before: Bundle, after: Bundle) -> FieldChange:
    was, now = known.origin(field.path), field.origin
    if was is None or now is None:
        return field
    same = {_line(source, before.texts) for source in was.sources}
    changed = tuple(source for source in now.sources if _line(source, after.texts) not in same)
    return replace(field, origin=FieldOrigin(now.template, changed)) if changed else field


def _line(source: Source, texts: Mapping[str, str]) -> Line:
    """A source by what it says, wherever it stands; a file that no bundle keeps is known by its name."""
    text = texts.get(source.span.file)
    lines = text.splitlines() if text is not None else []
    line = lines[source.span.line - 1].strip() if len(lines) >= source.span.line else source.span.file
    return source.layer, source.path, line
