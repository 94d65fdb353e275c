"""Objects that are not proven clean: compared field by field, and what stays open confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from blueprint.cluster.inventory import Snapshot, as_member, is_member, manager
from blueprint.diagnostics import Note
from blueprint.drift.compare import compare
from blueprint.drift.confirm import Confirm
from blueprint.drift.defaults import IsDefault, is_server_default, never_default, schema_defaults
from blueprint.drift.equality import is_builtin
from blueprint.drift.model import Finding, FindingKind, facts
from blueprint.drift.ownership import claims_of
from blueprint.drift.view import Live, View
from blueprint.render.model import Bundle, Object


class Suspects:
    """Examines one object after the other; `folded` counts what turned out to be no drift, by the reason."""

    def __init__(self, bundle: Bundle, view: View, *, dry_run: bool) -> None:
        self.folded: Counter[str] = Counter()
        self._bundle = bundle
        self._view = view
        self._manager = manager(bundle.name)
        self._confirm = Confirm(view, self._manager, enabled=dry_run)

    def findings(
        self, obj: Object, live: Live, snapshot: Snapshot | None, *, recorded: bool = False
    ) -> Iterator[Finding]:
        """Everything about `obj` that is not as declared; `recorded` is what an apply of ours took on."""
        if deletion := live["metadata"].get("deletionTimestamp"):
            yield _terminating(obj, live, str(deletion))
        if snapshot and snapshot.uid != live["metadata"].get("uid"):
            yield _replaced(obj, live, snapshot, self._manager)
        ours = snapshot is not None or is_member(live, self._bundle.name)
        manifest = self._view.disguised(as_member(obj.data, self._bundle.name) if ours else obj.data)
        defaults = self._defaults(obj)
        compared = compare(obj, manifest, live, snapshot, self._manager, defaults, recorded=recorded)
        decided = self._confirm.decide(obj, manifest, compared)
        self.folded.update(compared.folded)
        self.folded.update(decided.folded)
        found = decided.findings
        if (ours or recorded) and not (found or deletion or compared.terms.exact):
            found = tuple(self._confirm.unapplied(obj, as_member(obj.data, self._bundle.name), live))
        for finding in found:
            yield replace(finding, seen=facts(live))

    def _defaults(self, obj: Object) -> IsDefault:
        """Built-in defaults, or those of the definition in the bundle."""
        if is_builtin(obj.id.group):
            return is_server_default
        for other in self._bundle.objects:
            if other.id.kind == "CustomResourceDefinition" and _defines(other.data["spec"], obj):
                return schema_defaults(_schema(other.data["spec"], obj))
        return never_default


def _defines(spec: Mapping[str, Any], obj: Object) -> bool:
    return (spec["group"], spec["names"]["kind"]) == (obj.id.group, obj.id.kind)


def _schema(spec: Mapping[str, Any], obj: Object) -> Mapping[str, Any]:
    version = obj.api_version.rpartition("/")[2]
    found = (v["schema"]["openAPIV3Schema"] for v in spec["versions"] if v["name"] == version)
    schema: Mapping[str, Any] = next(found, {})
    return schema


def _terminating(obj: Object, live: Live, since: str) -> Finding:
    holders = ", ".join(live["metadata"].get("finalizers") or ()) or "its grace period"
    remarks = (Note(f"deleted on {since}; held by {holders}"),)
    return Finding(FindingKind.TERMINATING, str(obj.id), origin=obj.origin(()), seen=facts(live), remarks=remarks)


def _replaced(obj: Object, live: Live, snapshot: Snapshot, us: str) -> Finding:
    """Whoever owns fields since the moment of creation made the object."""
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
