"""Colours of the text report; without colour, all styles return the text unchanged."""

from __future__ import annotations

from blueprint.changes.compare import Action
from blueprint.diagnostics import Severity
from blueprint.records import Record

_SEVERITY = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
_ACTION = {
    Action.CREATE: "32",
    Action.UPDATE: "33",
    Action.REPLACE: "35",
    Action.DELETE: "31",
    Action.UNKNOWN: "36",
    Action.UNCHANGED: "2",
}


class Style(Record):
    """Wraps text in SGR sequences if `color` is enabled."""

    color: bool

    def severity(self, text: str, severity: Severity) -> str:
        """Red, yellow or cyan."""
        return self._sgr(text, _SEVERITY[severity])

    def action(self, text: str, action: Action) -> str:
        """Green for additions, red for removals."""
        return self._sgr(text, _ACTION[action])

    def bold(self, text: str) -> str:
        """Headlines."""
        return self._sgr(text, "1")

    def dim(self, text: str) -> str:
        """Gutters, locations, secondary text."""
        return self._sgr(text, "2")

    def place(self, text: str) -> str:
        """Files, lines and columns."""
        return self._sgr(text, "36")

    def _sgr(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text
