"""Attributes differences between two bundles to the lines that differ, among all lines that decide a field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from blueprint.bundle.model import Bundle, FieldOrigin, Object
from blueprint.changes.compare import FieldChange, ObjectChange
from blueprint.platform.tracking.sources import Source, SourceGroup, Sources
from blueprint.records import replace

Line = tuple[str, str, str]


def because_of_changed_lines(changes: Iterable[ObjectChange], comparison: LineComparison) -> Iterator[ObjectChange]:
    """The changes, with each field attributed to its changed lines, if there are any."""
    old = {obj.id: obj for obj in comparison.before.objects}
    for change in changes:
        known = old.get(change.id)
        yield replace(change, fields=tuple(_field(f, known, comparison) for f in change.fields)) if known else change


def _field(field: FieldChange, known: Object, comparison: LineComparison) -> FieldChange:
    was, now = known.origin(field.path), field.origin
    if was is None or now is None:
        return field
    changed = comparison.changed(was.noted, now.noted)
    return replace(field, origin=FieldOrigin(now.template, changed)) if changed else field


class LineComparison:
    """Compares the sources of two bundles by their lines. Two groups are compared only once, whatever fields they
    decide.
    """

    def __init__(self, before: Bundle, after: Bundle) -> None:
        self.before, self.after = before, after
        self._before = _Lines(before.texts)
        self._after = _Lines(after.texts)
        self._changed: dict[tuple[SourceGroup, frozenset[SourceGroup]], tuple[SourceGroup, frozenset[Line]]] = {}

    def changed(self, was: Sources, now: Sources) -> Sources:
        """The sources in `now` whose lines are not in `was`; groups stay groups."""
        lines = {self._before.line(each) for each in was if isinstance(each, Source)}
        groups = frozenset(each for each in was if isinstance(each, SourceGroup))
        return tuple(self._changed_members(now, lines, groups))

    def _changed_members(
        self, now: Sources, lines: set[Line], groups: frozenset[SourceGroup]
    ) -> Iterator[Source | SourceGroup]:
        for each in now:
            if isinstance(each, SourceGroup):
                changed, changed_lines = self._changed_group(each, groups)
                if lines.isdisjoint(changed_lines):
                    yield from (changed,) if changed.parts else ()
                else:
                    yield from (one for one in changed.sources if self._after.line(one) not in lines)
            else:
                line = self._after.line(each)
                if line not in lines and not any(line in self._before.lines(group) for group in groups):
                    yield each

    def _changed_group(self, now: SourceGroup, groups: frozenset[SourceGroup]) -> tuple[SourceGroup, frozenset[Line]]:
        """The part of a group that is in none of the other side's groups, and its lines."""
        if (now, groups) not in self._changed:
            known = frozenset[Line]().union(*(self._before.lines(group) for group in groups))
            changed = tuple(each for each in now.sources if self._after.line(each) not in known)
            self._changed[now, groups] = SourceGroup(changed), frozenset(map(self._after.line, changed))
        return self._changed[now, groups]


class _Lines:
    """The lines of one bundle's sources. Each file is split once, and each group expanded once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._split: dict[str, list[str]] = {}
        self._groups: dict[SourceGroup, frozenset[Line]] = {}

    def line(self, source: Source) -> Line:
        """A source, identified by its text instead of its position; a file that is not stored in the bundle is
        represented by its name.

        Only the source's own text counts: two values on one line, `{product: H100, count: 8}`, change independently.
        """
        file, start, column, end, end_column = source.span
        if file not in self._split:
            self._split[file] = self._texts.get(file, "").splitlines()
        lines = self._split[file]
        if len(lines) < start:
            return source.layer, source.path, file
        line = lines[start - 1]
        text = line[column - 1 : end_column - 1] if end == start else line
        return source.layer, source.path, text.strip()

    def lines(self, group: SourceGroup) -> frozenset[Line]:
        """The lines of all sources of a group."""
        if group not in self._groups:
            self._groups[group] = frozenset(map(self.line, group.sources))
        return self._groups[group]
