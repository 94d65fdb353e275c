"""The scopes of drift detection: what each covers, and how it is examined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from blueprint.bundle.model import Bundle
from blueprint.diagnostics import Diagnostic
from blueprint.drift import codes
from blueprint.drift.health import examine_health
from blueprint.drift.model import ScopeResult
from blueprint.drift.nodes import examine_nodes
from blueprint.drift.objects import RECORDS, examine_objects
from blueprint.drift.view import Unseen, View
from blueprint.inventory.model import Inventory
from blueprint.inventory.snapshots import was_applied
from blueprint.records import Record
from blueprint.report.model import Coverage
from blueprint.wording import counted


class DriftRequest(Record):
    """The inputs of a comparison.

    Attributes:
        bundle: The declared state.
        view: A cluster or a snapshot; None only if readings are checked without a cluster.
        readings: The folder of readings.
        dry_run: Whether suspects may be confirmed by a server-side dry run.
        now: The time of the run, which determines the age of readings.
        oldest: The maximum age of a reading that proves anything.
    """

    bundle: Bundle
    view: View | None
    readings: Path | None = None
    dry_run: bool = True
    now: datetime | None = None
    oldest: timedelta | None = None


class Scope(Record):
    """A part of the state that drift detection can examine.

    Attributes:
        name: Its name on the command line.
        about: What it covers.
        examine: Returns the results.
    """

    name: str
    about: str
    examine: Callable[[DriftRequest], Iterator[ScopeResult]]


def _objects(request: DriftRequest) -> Iterator[ScopeResult]:
    """Objects, their health, and the labels, taints and number of nodes."""
    bundle, view = request.bundle, request.view
    if view is None:
        return
    record, part = _record(bundle, view)
    yield part
    missing = record is None and not part.coverage
    yield examine_objects(bundle, record, view, dry_run=request.dry_run, record_missing=missing)
    yield examine_health(bundle, view)
    yield examine_nodes(bundle, record, view)


def _nodes(request: DriftRequest) -> Iterator[ScopeResult]:
    """Readings taken on nodes."""
    if request.readings is None:
        return
    from blueprint.drift.reading_trust import TOO_OLD
    from blueprint.drift.readings import examine_readings

    oldest = TOO_OLD if request.oldest is None else request.oldest
    yield examine_readings(request.bundle, request.view, request.readings, request.now, oldest)


def _derived(request: DriftRequest) -> Iterator[ScopeResult]:
    """State that drivers derive from the nodes: the ResourceSlices that they publish."""
    if request.view is None:
        return
    from blueprint.drift.slices import examine_slices

    yield examine_slices(request.bundle, request.view)


OBJECTS = Scope("objects", "what the API server has", _objects)
NODES = Scope("nodes", "readings from inside of them", _nodes)
DERIVED = Scope("derived", "the ResourceSlices that DRA drivers publish", _derived)
SCOPES: Mapping[str, Scope] = {scope.name: scope for scope in (OBJECTS, DERIVED, NODES)}
"""All scopes by name, in the order in which they are examined."""


def _record(bundle: Bundle, view: View) -> tuple[Inventory | None, ScopeResult]:
    """The inventory, and diagnostics about it. An unreadable inventory is unknown."""
    try:
        record = view.record(bundle.name)
    except Unseen as unseen:
        text = f"the record of what was applied is unusable: {unseen}"
        unknown = Coverage(RECORDS, 0, 1, str(unseen))
        return None, ScopeResult((unknown,), diagnostics=(Diagnostic(codes.RECORD_UNUSABLE, text),))
    if record is None:
        return None, ScopeResult(())
    found = tuple(_what_is_applied(bundle, record))
    whole = record.digest and not any(d.code is codes.PARTLY_APPLIED for d in found)
    return record, ScopeResult((), diagnostics=found, subject={"applied": record.digest} if whole else {})


def _what_is_applied(bundle: Bundle, record: Inventory) -> Iterator[Diagnostic]:
    """A diagnostic if the applied bundle, as a whole, is not this one. Earlier versions recorded it before it was
    completely applied.
    """
    if not bundle.digest:
        return
    if record.digest and record.digest != bundle.digest:
        text = f"the cluster has bundle {record.digest[:12]} applied; it is compared with {bundle.digest[:12]}"
        yield Diagnostic(codes.OTHER_BUNDLE, text)
    missing = sum(not was_applied(record, obj) for obj in bundle.objects)
    if record.begun or (missing and record.digest == bundle.digest):
        begun = (record.begun or record.digest)[:12]
        this = f"{missing} of the {counted(len(bundle.objects), 'object')} of bundle {bundle.digest[:12]}"
        text = f"the last apply, of bundle {begun}, did not write everything: {this} were not applied as declared in it"
        yield Diagnostic(codes.PARTLY_APPLIED, text)
