"""Scope `objects`: every object of the bundle and of the record, against what is live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from blueprint.cluster.fields import fieldset_hash, own_entry
from blueprint.cluster.inventory import (
    Inventory,
    Snapshot,
    as_member,
    desired_hash,
    is_member,
    is_unchanged,
    manager,
)
from blueprint.diagnostics import Note
from blueprint.drift.compare import compare
from blueprint.drift.confirm import Confirm
from blueprint.drift.model import Finding, FindingKind, Part
from blueprint.drift.ownership import claims_of
from blueprint.drift.view import Gathered, Live, View
from blueprint.render.model import Bundle, Object, ObjectId
from blueprint.report.model import Coverage


def examine_objects(bundle: Bundle, record: Inventory | None, view: View, *, dry_run: bool = True) -> Part:
    """Compare every object. `record` is what the cluster says was applied; None where there is none.

    Raises:
        ApiError: the server does not even say what it serves.
    """
    members = record.members if record else {}
    declared = {obj.id: obj for obj in bundle.objects}
    wanted = {i: m.api_version for i, m in members.items()} | {i: o.api_version for i, o in declared.items()}
    gathered = view.objects(wanted, bundle.name)
    examiner = _Examiner(bundle, record, view, dry_run=dry_run)
    findings = list(examiner.everything(declared, wanted, gathered))
    findings += _unseen(gathered.unseen)
    undecided = {f.subject for f in findings if f.kind is FindingKind.UNKNOWN and f.path}
    examined = len({*wanted, *gathered.live}) - len(gathered.unseen) - len(undecided)
    coverage = Coverage(
        "objects",
        examined,
        len(gathered.unseen) + len(undecided),
        "; ".join(sorted(set(gathered.unseen.values()))[:3]) or ("not decided" if undecided else ""),
    )
    failed = any(f.kind is not FindingKind.UNKNOWN for f in findings)
    return Part((coverage,), tuple(findings), folded=examiner.folded, failed=failed)


class _Examiner:
    def __init__(self, bundle: Bundle, record: Inventory | None, view: View, *, dry_run: bool) -> None:
        self.folded: Counter[str] = Counter()
        self._bundle = bundle
        self._record = record
        self._view = view
        self._manager = manager(bundle.name)
        self._confirm = Confirm(view, self._manager, enabled=dry_run)

    def everything(
        self, declared: Mapping[ObjectId, Object], wanted: Iterable[ObjectId], gathered: Gathered
    ) -> Iterator[Finding]:
        for identity in sorted({*wanted, *gathered.live} - set(gathered.unseen)):
            live = gathered.live.get(identity)
            if obj := declared.get(identity):
                yield from self._declared(obj, live)
            elif live is not None:
                yield from self._undeclared(identity, live)

    def _declared(self, obj: Object, live: Live | None) -> Iterator[Finding]:
        snapshot = self._snapshot(obj.id)
        if live is None:
            yield _missing(obj, snapshot)
            return
        if deletion := live["metadata"].get("deletionTimestamp"):
            yield _terminating(obj, live, str(deletion))
        elif self._is_clean(obj, live, snapshot):
            return
        yield from self._compared(obj, live, snapshot)

    def _snapshot(self, identity: ObjectId) -> Snapshot | None:
        member = self._record.members.get(identity) if self._record else None
        return member.snapshot if member else None

    def _is_clean(self, obj: Object, live: Live, snapshot: Snapshot | None) -> bool:
        """Tier 0: exactly this declaration was applied, nothing foreign was there, and nothing changed since."""
        if snapshot is None or snapshot.foreign or not is_unchanged(snapshot, live):
            return False
        if not self._is_desired(obj, snapshot):
            return False
        if live["metadata"].get("resourceVersion") == snapshot.resource_version:
            return True
        own = own_entry(live, self._manager)
        return own is not None and fieldset_hash(own.fields) == snapshot.fieldset

    def _is_desired(self, obj: Object, snapshot: Snapshot) -> bool:
        same_bundle = (
            self._record is not None and bool(self._bundle.digest) and (self._record.digest == self._bundle.digest)
        )
        return same_bundle or snapshot.desired == desired_hash(obj)

    def _compared(self, obj: Object, live: Live, snapshot: Snapshot | None) -> Iterator[Finding]:
        if snapshot and snapshot.uid != live["metadata"].get("uid"):
            yield _replaced(obj, live, snapshot, self._manager)
        ours = snapshot is not None or is_member(live, self._bundle.name)
        manifest = self._view.disguised(as_member(obj.data, self._bundle.name) if ours else obj.data)
        compared = compare(obj, manifest, live, snapshot, self._manager)
        decided = self._confirm.decide(obj, manifest, compared)
        self.folded.update(compared.folded)
        self.folded.update(decided.folded)
        for finding in decided.findings:
            yield replace(finding, seen=facts(live))

    def _undeclared(self, identity: ObjectId, live: Live) -> Iterator[Finding]:
        """An object that only the record or a label calls ours. What a controller made of ours is not."""
        owners = live["metadata"].get("ownerReferences") or ()
        if any(owner.get("controller") for owner in owners) or not is_member(live, self._bundle.name):
            return
        claims = claims_of(live, self._manager)
        ours = next((claim.writer for claim in claims if claim.ours), None)
        yield Finding(FindingKind.ORPHANED, str(identity), writer=ours, seen=facts(live))


def facts(live: Live) -> tuple[tuple[str, str], ...]:
    """What identifies the state of a live object."""
    meta = live["metadata"]
    return tuple((key, str(meta[key])) for key in ("uid", "resourceVersion") if key in meta)


def _missing(obj: Object, snapshot: Snapshot | None) -> Finding:
    if snapshot is None:
        remark = "nothing records that it was ever applied"
    else:
        remark = f"it was there on {snapshot.time}; who deleted it is not recorded"
    seen = (("uid", snapshot.uid),) if snapshot else ()
    return Finding(FindingKind.MISSING, str(obj.id), origin=obj.origin(()), seen=seen, remarks=(Note(remark),))


def _terminating(obj: Object, live: Live, since: str) -> Finding:
    holders = ", ".join(live["metadata"].get("finalizers") or ()) or "its grace period"
    remarks = (Note(f"deleted on {since}; held by {holders}"),)
    return Finding(FindingKind.TERMINATING, str(obj.id), origin=obj.origin(()), seen=facts(live), remarks=remarks)


def _replaced(obj: Object, live: Live, snapshot: Snapshot, us: str) -> Finding:
    """Whoever owns fields since the moment of creation made the object."""
    created = str(live["metadata"].get("creationTimestamp", ""))
    makers = [c.writer for c in claims_of(live, us) if c.writer.time == created]
    remarks = (Note(f"applied as uid {snapshot.uid}; this one was created on {created}"),)
    writer = makers[0] if len(makers) == 1 else None
    return Finding(
        FindingKind.REPLACED,
        str(obj.id),
        declared=snapshot.uid,
        live=str(live["metadata"].get("uid")),
        writer=writer,
        origin=obj.origin(()),
        seen=facts(live),
        remarks=remarks,
    )


def _unseen(unseen: Mapping[ObjectId, str]) -> Iterator[Finding]:
    """One finding per kind and reason, however many objects it hides."""

    def key(identity: ObjectId) -> tuple[str, str, str]:
        return (identity.group, identity.kind, unseen[identity])

    for (group, kind, why), ids in groupby(sorted(unseen, key=key), key=key):
        names: list[Any] = [str(identity) for identity in ids]
        remarks = (Note(why), Note(", ".join(names)))
        yield Finding(FindingKind.UNKNOWN, f"{kind}.{group}" if group else kind, remarks=remarks)
