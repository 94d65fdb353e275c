"""A fix in words."""

from __future__ import annotations

from blueprint.diagnostics import Fix, Span
from blueprint.report.escaping import visible


def suggestion(fix: Fix, at: Span | None) -> str:
    """`did you mean count?` if the fix is at the location of the finding, otherwise what to write where."""
    replacement = visible(fix.replacement.strip("\n"))
    if replacement != replacement.strip():
        replacement = f'"{replacement}"'
    if fix.at == at:
        return f"did you mean {replacement}?" if replacement else "fix: remove it"
    where = f"line {fix.at.line}" if at and fix.at.file == at.file else visible(str(fix.at))
    return f"fix: put {replacement} at {where}" if replacement else f"fix: remove what is at {where}"
