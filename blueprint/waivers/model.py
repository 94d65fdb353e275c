"""A waiver, and the findings that it waives."""

from __future__ import annotations

from datetime import date

from blueprint.diagnostics import Code, Diagnostic, Span
from blueprint.records import Record
from blueprint.waivers.patterns import matches, matches_everything
from blueprint.waivers.subjects import subjects_of


class Waiver(Record):
    """A finding that is accepted until a given day.

    Attributes:
        code: The code of the findings.
        reason: Why they are accepted.
        owner: The person or team responsible for it.
        expires: The last day on which it is active.
        at: Its location.
        subject: Pattern of an object, pool or node; empty for any.
        path: Pattern of a field; empty for any.
        line: For a comment, the line to which it refers, in its file. None for an entry of the waivers file.
    """

    code: Code
    reason: str
    owner: str
    expires: date
    at: Span
    subject: str = ""
    path: str = ""
    line: int | None = None

    def matches(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding matches, whatever the date."""
        if diagnostic.code is not self.code:
            return False
        if self.line is not None:
            return any((at.file, at.line) == (self.at.file, self.line) for at in _places(diagnostic))
        if self.subject and not any(matches(self.subject, name) for name in subjects_of(diagnostic)):
            return False
        return not self.path or matches(self.path, diagnostic.path or "")

    def in_force(self, today: date) -> bool:
        """Whether it waives anything today."""
        return today <= self.expires

    @property
    def is_comment(self) -> bool:
        """Whether it is in the source of what it is about."""
        return self.line is not None

    @property
    def is_broad(self) -> bool:
        """Whether it waives every finding with its code."""
        parts = [part for part in (self.subject, self.path) if part]
        return not self.is_comment and all(matches_everything(part) for part in parts)

    @property
    def sort_key(self) -> tuple[object, ...]:
        """An order independent of the position in the file: the latest expiry first."""
        return (-self.expires.toordinal(), self.is_comment, self.subject, self.path, self.reason, self.owner)


class WaivedFinding(Record):
    """A finding that does not count, and its waiver."""

    diagnostic: Diagnostic
    waiver: Waiver


def _places(diagnostic: Diagnostic) -> list[Span]:
    """The possible locations of a comment: only the primary one, because notes are about others."""
    return [diagnostic.at] if diagnostic.at else []
