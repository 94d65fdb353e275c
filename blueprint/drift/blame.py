"""Attributes changes that managedFields do not record by field: a changed order, or a change through another API
version.
"""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.apiserver.managed_fields import Entry, entries, own_entry
from blueprint.diagnostics import Note
from blueprint.drift.model import Finding, FindingKind, Writer
from blueprint.drift.view import Live
from blueprint.records import replace

_ORDER = Note("the order of a list has no field manager; the writer shown is the last one after the apply")
_UNKNOWN_WRITER = Note("the order of a list has no field manager, so the writer of the change is not recorded")


def attributed(finding: Finding, live: Live, us: str) -> Finding:
    """The finding with the last possible writer, if its field has no recorded writer, or records us by mistake."""
    if finding.kind is FindingKind.REORDERED:
        writer = _last(e for e in _foreign(live, us) if e.time > _applied(live, us))
        return replace(finding, writer=writer, remarks=(*finding.remarks, _ORDER if writer else _UNKNOWN_WRITER))
    if finding.kind is FindingKind.MODIFIED and finding.writer is None:
        elsewhere = [e for e in _foreign(live, us) if e.api_version not in {"", live["apiVersion"]}]
        if writer := _last(elsewhere):
            version = next(e.api_version for e in elsewhere if e.manager == writer.manager)
            return replace(finding, writer=writer, remarks=(*finding.remarks, Note(f"written through {version}")))
    return finding


def _foreign(live: Live, us: str) -> list[Entry]:
    """Writes by others to the object itself, not to its status, at fields that are not declared."""
    return [e for e in entries(live) if e.subresource != "status" and (e.manager, e.operation) != (us, "Apply")]


def _applied(live: Live, us: str) -> str:
    own = own_entry(live, us)
    return own.time if own else ""


def _last(found: Iterable[Entry]) -> Writer | None:
    latest = max(found, key=lambda entry: entry.time, default=None)
    return Writer(latest.manager, latest.operation, latest.subresource, latest.time) if latest else None
