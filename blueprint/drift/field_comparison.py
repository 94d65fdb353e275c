"""Compares objects that are not proven unchanged field by field, and confirms what stays open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from blueprint.bundle.model import Bundle, Object
from blueprint.cluster.waits import held_by
from blueprint.diagnostics import Note
from blueprint.drift.advice import Situation, advised
from blueprint.drift.aggregation import gained_rules, is_aggregated
from blueprint.drift.blame import attributed
from blueprint.drift.compare import compare
from blueprint.drift.dry_run import DryRunConfirmation
from blueprint.drift.model import Finding, FindingKind, facts
from blueprint.drift.ownership import claims_of
from blueprint.drift.scaling import switched_off
from blueprint.drift.view import Live, View
from blueprint.inventory.membership import as_member, is_member, manager
from blueprint.inventory.model import Snapshot
from blueprint.kubernetes.field_types import Shape, shape_of
from blueprint.records import replace
from blueprint.report.model import IgnoredDifference


class Suspects:
    """Examines one object after another; `left_out` collects differences that are not drift."""

    def __init__(self, bundle: Bundle, view: View, *, dry_run: bool) -> None:
        self.left_out: list[IgnoredDifference] = []
        self._bundle = bundle
        self._view = view
        self._manager = manager(bundle.name)
        self._dry_run = dry_run
        self._confirm = DryRunConfirmation(view, self._manager, enabled=dry_run)
        self._shapes: dict[tuple[str, str], Shape] = {}

    def findings(
        self, obj: Object, live: Live, snapshot: Snapshot | None, *, recorded: bool = False
    ) -> Iterator[Finding]:
        """All differences of `obj` from the declaration; `recorded`: the bundle is applied to this cluster."""
        found = list(self._lifetime(obj, live, snapshot))
        # A recreated object lacks our label, but the finding that it is another object already covers this.
        ours = (snapshot is not None and not _is_another(live, snapshot)) or is_member(live, self._bundle.name)
        manifest = self._view.disguised(as_member(obj.data, self._bundle.name) if ours else obj.data)
        compared = compare(
            obj,
            manifest,
            live,
            snapshot,
            self._manager,
            self._shape(obj),
            recorded=recorded,
            distribution=self._bundle.distribution,
        )
        decided = self._confirm.decide(obj, manifest, compared)
        self.left_out += (*compared.left_out, *decided.left_out)
        differing = decided.findings
        if (ours or recorded) and not (differing or found or compared.options.record):
            differing = tuple(self._confirm.unapplied(obj, as_member(obj.data, self._bundle.name), live))
        found += [replace(attributed(finding, live, self._manager), seen=facts(live)) for finding in differing]
        yield from advised(found, self._situation(obj, live, snapshot)) if found else ()
        yield from self._by_controllers(obj, live, differing)

    def _lifetime(self, obj: Object, live: Live, snapshot: Snapshot | None) -> Iterator[Finding]:
        """Whether it is being deleted, and whether it is the object that was applied."""
        if deletion := live["metadata"].get("deletionTimestamp"):
            yield _terminating(obj, live, str(deletion))
        if snapshot and _is_another(live, snapshot):
            yield _replaced(obj, live, snapshot, self._manager)

    def _by_controllers(self, obj: Object, live: Live, differing: Sequence[Finding]) -> Iterator[Finding]:
        """Changes that controllers make by their own rules: an autoscaler, and the aggregation of roles."""
        if off := switched_off(obj, live, self._bundle, self._view, self._manager):
            yield off
        if is_aggregated(obj) and not any(finding.path == "rules" for finding in differing):
            yield from gained_rules(obj, live, self._bundle, self._view, self._manager)

    def _situation(self, obj: Object, live: Live, snapshot: Snapshot | None) -> Situation:
        step = self._view.plan(obj, live, snapshot, self._bundle) if self._dry_run else None
        tries = partial(self._view.takes, live) if self._dry_run else lambda _patch: None
        return Situation(obj.id, live, self._manager, step, tries)

    def _shape(self, obj: Object) -> Shape:
        kind = (obj.api_version, obj.id.kind)
        if kind not in self._shapes:
            self._shapes[kind] = shape_of(obj, self._bundle)
        return self._shapes[kind]


def _is_another(live: Live, snapshot: Snapshot) -> bool:
    """Whether this object replaces the one that was applied."""
    return bool(snapshot.uid != live["metadata"].get("uid"))


def _terminating(obj: Object, live: Live, since: str) -> Finding:
    remarks = (Note(f"deleted on {since}; held by {held_by(live)}"),)
    return Finding(FindingKind.TERMINATING, str(obj.id), origin=obj.origin(()), seen=facts(live), remarks=remarks)


def _replaced(obj: Object, live: Live, snapshot: Snapshot, us: str) -> Finding:
    """The finding for a recreated object. The manager whose ownership starts at its creation created it."""
    created = str(live["metadata"].get("creationTimestamp", ""))
    makers = [c.writer for c in claims_of(live, us) if c.writer.time == created]
    remarks = (Note(f"applied as uid {snapshot.uid}; this one was created on {created}"),)
    return Finding(
        FindingKind.REPLACED,
        str(obj.id),
        declared=snapshot.uid,
        live=str(live["metadata"].get("uid")),
        writer=makers[0] if len(makers) == 1 else None,
        origin=obj.origin(()),
        seen=facts(live),
        remarks=remarks,
    )
