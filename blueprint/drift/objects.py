"""Scope `objects`: compares every object of the bundle and of the inventory with its live state.

Objects that are proven unchanged (tier 0) are handled here, without importing anything else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from blueprint.apiserver.managed_fields import entries, fieldset_hash, own_entry
from blueprint.bundle.model import Bundle, Object, ObjectId
from blueprint.diagnostics import Diagnostic, Note
from blueprint.drift import codes
from blueprint.drift.model import Finding, FindingKind, ScopeResult, Writer, facts
from blueprint.drift.view import Live, ObservedObjects, View
from blueprint.inventory.membership import PART_OF, is_member, manager
from blueprint.inventory.model import Inventory, Snapshot
from blueprint.inventory.snapshots import desired_hash, is_unchanged
from blueprint.records import Record
from blueprint.report.model import Coverage, IgnoredDifference

if TYPE_CHECKING:
    from blueprint.drift.field_comparison import Suspects

RECORDS = "records of what was applied"
_REASONS_SHOWN = 3
_PASSED = "a Job with ttlSecondsAfterFinished is deleted after it finishes; whether it succeeded is not known"
_LABELS_ENDPOINTS = "kube-controller-manager"
_ENDPOINTS = "Endpoints of a Service, made by a controller that copies the Service's labels"


def examine_objects(
    bundle: Bundle, record: Inventory | None, view: View, *, dry_run: bool = True, record_missing: bool = False
) -> ScopeResult:
    """Compare all objects. `record` is the inventory; None if unknown.

    `record_missing`: there is no inventory, so either nothing was ever applied, or it was deleted.

    Raises:
        Refused: the server does not even report what it serves (exit code 2).
    """
    declared = {obj.id: obj for obj in bundle.objects}
    examiner = _Examiner(bundle, record, view, dry_run=dry_run)
    found = _look(examiner, declared, record, view)
    unlisted = list(_unlisted(found.gathered))
    findings = (*examiner.everything(declared, found), *_unseen(found.gathered.unseen), *unlisted)
    lost, diagnostics = _without_record(bundle, view, found.gathered) if record_missing else ((), ())
    return ScopeResult(
        (_coverage(found, findings, len(unlisted)), *lost),
        findings,
        diagnostics,
        tuple(examiner.left_out),
        failed=any(f.kind is not FindingKind.UNKNOWN for f in findings),
    )


class _Found(Record):
    """The requested objects, those proven unchanged by metadata alone, and the full contents of the rest."""

    wanted: Mapping[ObjectId, str]
    clean: Collection[ObjectId]
    gathered: ObservedObjects

    @property
    def to_examine(self) -> set[ObjectId]:
        """Objects that are not proven unchanged: declared ones, and live ones with our label."""
        return {*self.wanted, *self.gathered.live} - set(self.clean)


def _look(examiner: _Examiner, declared: Mapping[ObjectId, Object], record: Inventory | None, view: View) -> _Found:
    """Read everything that is declared or recorded: first all metadata, then the objects that it does not prove
    unchanged.
    """
    members = record.members if record else {}
    wanted = {i: m.api_version for i, m in members.items()} | {i: o.api_version for i, o in declared.items()}
    seen = view.versions(wanted, examiner.blueprint) if record else {}
    clean = {i for i, live in seen.items() if i in declared and examiner.is_untouched(declared[i], live)}
    wanted |= {i: str(live["apiVersion"]) for i, live in seen.items() if i not in wanted}
    rest = {i: api_version for i, api_version in wanted.items() if i not in clean}
    return _Found(wanted, clean, view.objects(rest, examiner.blueprint) if rest else ObservedObjects())


def _coverage(found: _Found, findings: Iterable[Finding], unlisted: int) -> Coverage:
    gathered = found.gathered
    undecided = {f.subject for f in findings if f.kind is FindingKind.UNKNOWN and f.path}
    examined = len({*found.wanted, *gathered.live}) - len(gathered.unseen)
    reasons = sorted({*gathered.unseen.values(), *gathered.unlisted.values()})[:_REASONS_SHOWN]
    if not reasons and undecided:
        reasons = ["not decided"]
    return Coverage("objects", examined, len(gathered.unseen) + len(undecided) + unlisted, "; ".join(reasons))


def _without_record(
    bundle: Bundle, view: View, gathered: ObservedObjects
) -> tuple[tuple[Coverage, ...], tuple[Diagnostic, ...]]:
    """The coverage that is lost without an inventory, and why. This matters only if something was applied."""
    if not any(is_member(live, bundle.name) for live in gathered.live.values()):
        text = f"there is no inventory of blueprint {bundle.name!r} in {view.name}"
        return (), (Diagnostic(codes.NEVER_APPLIED, text),)
    text = f"blueprint {bundle.name!r} was applied to {view.name}, but the record of this is missing"
    unknown = Coverage(RECORDS, 0, 1, "the record was deleted")
    return (unknown,), (Diagnostic(codes.RECORD_LOST, text, help="`blueprint apply` writes a new one"),)


class _Examiner:
    def __init__(self, bundle: Bundle, record: Inventory | None, view: View, *, dry_run: bool) -> None:
        self._bundle = bundle
        self._record = record
        self._view = view
        self._dry_run = dry_run
        self._manager = manager(bundle.name)
        self._suspects: Suspects | None = None
        self._left_out: list[IgnoredDifference] = []

    @property
    def blueprint(self) -> str:
        """The blueprint of these objects."""
        return self._bundle.name

    @property
    def left_out(self) -> Iterable[IgnoredDifference]:
        """Differences that are not drift."""
        return (*self._left_out, *(self._suspects.left_out if self._suspects else ()))

    def is_untouched(self, obj: Object, live: Live) -> bool:
        """Whether metadata alone proves that the object has not been written since this declaration was applied."""
        meta, snapshot = live["metadata"], self._snapshot(obj.id)
        return (
            snapshot is not None
            and not snapshot.foreign
            and (meta.get("uid"), meta.get("resourceVersion")) == (snapshot.uid, snapshot.resource_version)
            and "deletionTimestamp" not in meta
            and snapshot.desired == desired_hash(obj)
        )

    def everything(self, declared: Mapping[ObjectId, Object], found: _Found) -> Iterator[Finding]:
        """The findings about all objects that were read."""
        for identity in sorted(found.to_examine - set(found.gathered.unseen)):
            live = found.gathered.live.get(identity)
            if obj := declared.get(identity):
                yield from self._declared(obj, live)
            elif live is not None:
                yield from self._undeclared(identity, live)

    def _declared(self, obj: Object, live: Live | None) -> Iterator[Finding]:
        snapshot = self._snapshot(obj.id)
        leaves = live is None or "deletionTimestamp" in live["metadata"]
        if leaves and snapshot and _passes(obj) and snapshot.desired == desired_hash(obj):
            self._left_out.append(IgnoredDifference(str(obj.id), "", _PASSED))
        elif live is None:
            from blueprint.drift.advice import missing_advice

            step = self._view.plan(obj, None, snapshot, self._bundle) if self._dry_run else None
            yield missing_advice(_missing(obj, snapshot), step)
        elif not self._is_clean(obj, live, snapshot):
            yield from self._examined(obj, live, snapshot)

    def _snapshot(self, identity: ObjectId) -> Snapshot | None:
        member = self._record.members.get(identity) if self._record else None
        return member.snapshot if member else None

    def _is_clean(self, obj: Object, live: Live, snapshot: Snapshot | None) -> bool:
        """Whether exactly this declaration was applied, nothing foreign existed, and the content has not changed
        since.
        """
        if snapshot is None or snapshot.foreign or not is_unchanged(snapshot, live):
            return False
        if "deletionTimestamp" in live["metadata"] or snapshot.desired != desired_hash(obj):
            return False
        if live["metadata"].get("resourceVersion") == snapshot.resource_version:
            return True
        own = own_entry(live, self._manager)
        return own is not None and fieldset_hash(own.fields) == snapshot.fieldset

    def _examined(self, obj: Object, live: Live, snapshot: Snapshot | None) -> Iterator[Finding]:
        if self._suspects is None:
            from blueprint.drift.field_comparison import Suspects

            self._suspects = Suspects(self._bundle, self._view, dry_run=self._dry_run)
        yield from self._suspects.findings(obj, live, snapshot, recorded=self._record is not None)

    def _undeclared(self, identity: ObjectId, live: Live) -> Iterator[Finding]:
        """An object that is ours only by the inventory or a label. Objects that a controller derived from ours do not
        count.

        A label proves nothing: controllers copy it, and so do users who copy a manifest.
        """
        owners = live["metadata"].get("ownerReferences") or ()
        if any(owner.get("controller") for owner in owners) or not is_member(live, self._bundle.name):
            return
        from blueprint.drift.advice import copy_advice, orphan_advice

        ours = own_entry(live, self._manager)
        if ours is None and self._snapshot(identity) is None:
            writer = _labeller(live)
            if (identity.group, identity.kind) == ("", "Endpoints") and writer and writer.manager == _LABELS_ENDPOINTS:
                self._left_out.append(IgnoredDifference(str(identity), "", _ENDPOINTS, str(writer)))
                return
            yield copy_advice(Finding(FindingKind.COPIED, str(identity), writer=writer, seen=facts(live)), identity)
            return
        writer = Writer(ours.manager, ours.operation, ours.subresource, ours.time) if ours else None
        orphan = Finding(FindingKind.ORPHANED, str(identity), writer=writer, seen=facts(live))
        yield orphan if "deletionTimestamp" in live["metadata"] else orphan_advice(orphan, identity)


def _labeller(live: Live) -> Writer | None:
    """The writer of our label on an object."""
    found = [e for e in entries(live) if f"f:{PART_OF}" in e.fields.get("f:metadata", {}).get("f:labels", {})]
    last = max(found, key=lambda entry: entry.time, default=None)
    return Writer(last.manager, last.operation, last.subresource, last.time) if last else None


def _passes(obj: Object) -> bool:
    """Whether it is a Job that is deleted once it has completed."""
    return obj.id.kind == "Job" and obj.id.group == "batch" and "ttlSecondsAfterFinished" in obj.data.get("spec", {})


def _missing(obj: Object, snapshot: Snapshot | None) -> Finding:
    if snapshot is None:
        remark = "nothing records that it was ever applied"
    else:
        remark = f"it existed on {snapshot.time}; the cluster does not record who deleted it"
    seen = (("uid", snapshot.uid),) if snapshot else ()
    return Finding(FindingKind.MISSING, str(obj.id), origin=obj.origin(()), seen=seen, remarks=(Note(remark),))


def _unseen(unseen: Mapping[ObjectId, str]) -> Iterator[Finding]:
    """One finding per kind and reason, however many objects it concerns."""

    def key(identity: ObjectId) -> tuple[str, str, str]:
        """The grouping key of objects: API group, kind, and why they could not be read."""
        return (identity.group, identity.kind, unseen[identity])

    for (group, kind, why), ids in groupby(sorted(unseen, key=key), key=key):
        names: list[Any] = [str(identity) for identity in ids]
        remarks = (Note(why), Note(", ".join(names)))
        yield Finding(FindingKind.UNKNOWN, f"{kind}.{group}" if group else kind, remarks=remarks)


def _kind_name(identity: ObjectId) -> str:
    return f"{identity.kind}.{identity.group}" if identity.group else identity.kind


def _unlisted(gathered: ObservedObjects) -> Iterator[Finding]:
    """Kinds of which only objects with known names could be read: copies of our label are not detected there.

    A kind with an unreadable object is already reported for that.
    """
    reported = {_kind_name(identity) for identity in gathered.unseen}
    for kind, why in sorted(gathered.unlisted.items()):
        if kind not in reported:
            yield Finding(
                FindingKind.UNKNOWN, kind, remarks=(Note(why), Note("others with the label of this blueprint"))
            )
