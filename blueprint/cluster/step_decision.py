"""Decides what one object needs: nothing, if that can be proven cheaply; otherwise a dry run decides.

Tier 0 compares with the inventory (same object, same content, same declaration). Tier 1 compares the fields that we own
and their values. Only then is the server asked, by a server-side dry run: first without force, which reports conflicts,
and if there are any, with force, which shows the effect of taking the fields over.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Resource
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.managed_fields import (
    Entry,
    content,
    departures,
    entries,
    fieldset_hash,
    find_spelt,
    mismatches,
    own_entry,
    resolve,
    value_at,
)
from blueprint.bundle.model import FieldOrigin, Object, ObjectId, Path
from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange, differences
from blueprint.changes.immutable import immutable_fields, may_not_be_replaced, why
from blueprint.cluster import codes, findings
from blueprint.cluster.list_order import misplaced
from blueprint.cluster.losses import losses
from blueprint.cluster.obstacles import ForeignField, RefusedUpdate, Workaround, related
from blueprint.cluster.plan_model import FieldConflict, LiveVersion, Step
from blueprint.cluster.server_paths import follow, follow_all
from blueprint.cluster.waits import held_by
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.inventory.membership import PART_OF, as_member, manager
from blueprint.inventory.model import Snapshot
from blueprint.inventory.snapshots import desired_hash, is_unchanged
from blueprint.kubernetes.kinds import find_kind
from blueprint.records import Record, replace
from blueprint.source.paths import format_path, list_key

Decision = tuple[Step, tuple[Diagnostic, ...]]


class Decider(Record):
    """Decides object by object for one blueprint on one connection; facts about kinds are those of `release`."""

    connection: Connection
    blueprint: str
    release: str = ""

    def existing(self, obj: Object, live: Mapping[str, Any], snapshot: Snapshot | None, resource: Resource) -> Decision:
        """The decision for an object that exists. Raises ApiError if the server is unavailable."""
        if live["metadata"].get("deletionTimestamp"):
            return self._leaving(obj, live)
        step = Step(obj, Action.UNCHANGED, live=live, seen=LiveVersion.of(live))
        if retained := _restored_by_server(obj, live):
            step = replace(
                step, fields=(retained,), reason=f"must be replaced: {retained.shown} stays {retained.before}"
            )
            detail = f"the API server keeps {retained.shown}: {retained.before}, which the blueprint no longer declares"
            return self._replacing(step, live, detail, None)
        if self._is_proven(obj, live, snapshot):
            return step, ()
        return self._try_apply(step, live, resource, snapshot)

    def absent(self, obj: Object, resource: Resource) -> Decision:
        """The decision for an object that does not exist, in an existing place: creation, if the server accepts it."""
        step = Step(obj, Action.CREATE)
        try:
            self._dry_run(obj, resource)
        except ApiError as error:
            if error.missing:
                return step, ()
            return self._failed(step, error)
        return step, ()

    def _is_proven(self, obj: Object, live: Mapping[str, Any], snapshot: Snapshot | None) -> bool:
        """Whether nothing needs to be written: this declaration was applied, and the object is unchanged and recorded
        as ours.
        """
        if snapshot is None or snapshot.desired != desired_hash(obj):
            return False
        own = own_entry(live, manager(self.blueprint))
        if own is None or fieldset_hash(own.fields) != snapshot.fieldset:
            return False
        if is_unchanged(snapshot, live):
            return True
        wanted = as_member(obj.data, self.blueprint)
        differing = {*mismatches(own.fields, wanted, live), *departures(own.fields, wanted, live)}
        return not any(misplaced(wanted, live)) and all(snapshot.stored_so(at, value_at(at, live)) for at in differing)

    def _try_apply(
        self, step: Step, live: Mapping[str, Any], resource: Resource, snapshot: Snapshot | None
    ) -> Decision:
        obj = step.object
        conflicts: tuple[FieldConflict, ...] = ()
        try:
            predicted = self._dry_run(obj, resource)
        except ApiError as error:
            if not error.conflicts:
                return self._refused(step, live, resource, error)
            conflicts = tuple(find_conflicts(obj, live, error, manager(self.blueprint)))
            step = replace(step, conflicts=conflicts)
            try:
                predicted = self._dry_run(obj, resource, force=True)
            except ApiError as again:
                return self._refused(step, live, resource, again)
        step = self._reclaiming(step, live, predicted, snapshot)
        return self._updating(step, live, predicted)

    def _updating(self, step: Step, live: Mapping[str, Any], predicted: Mapping[str, Any]) -> Decision:
        fields = tuple(changed_fields(step.object, live, predicted))
        step = replace(step, fields=fields)
        wanted = as_member(step.object.data, self.blueprint)
        if fields or step.conflicts:
            step = replace(step, action=Action.UPDATE)
        elif lists := ", ".join(format_path(at, wanted) for at in misplaced(wanted, live)):
            step = replace(step, action=Action.UPDATE, reason=f"the order of {lists} is restored")
        elif content(live) != content(predicted):
            step = replace(step, action=Action.UPDATE, reason="is added to the record")
        elif not self._owns_the_same(live, predicted):
            step = replace(
                step, action=Action.UPDATE, reason="apply takes ownership of the fields, without changing their values"
            )
        return step, tuple(findings.conflict(step.id, c, step.object.data) for c in step.conflicts)

    def _reclaiming(
        self, step: Step, live: Mapping[str, Any], predicted: Mapping[str, Any], snapshot: Snapshot | None
    ) -> Step:
        """The step for an object whose owners were all removed while its content did not change: restores the entries.

        An apply alone would record everything else in the object, even defaults, as another manager's.
        """
        known = snapshot is not None and not snapshot.foreign and is_unchanged(snapshot, live)
        if any(True for _ in entries(live)) or not known:
            return step
        ours = manager(self.blueprint)
        retained = [each for each in predicted["metadata"].get("managedFields") or () if each.get("manager") == ours]
        return replace(step, reclaims=tuple(retained))

    def _owns_the_same(self, live: Mapping[str, Any], predicted: Mapping[str, Any]) -> bool:
        now, then = (own_entry(o, manager(self.blueprint)) for o in (live, predicted))
        return now is not None and then is not None and now.fields == then.fields

    def _dry_run(self, obj: Object, resource: Resource, *, force: bool = False) -> dict[str, Any]:
        path = resource.path(obj.id.namespace, obj.id.name)
        body = as_member(obj.data, self.blueprint)
        return self.connection.apply(path, body, manager(self.blueprint), force=force, dry_run=True)[0]

    def _refused(self, step: Step, live: Mapping[str, Any], resource: Resource, error: ApiError) -> Decision:
        """The decision for a rejected update: fields of others are in the way, a field is immutable, or it is simply
        rejected.
        """
        obj = step.object
        if not error.by_validation or obj.id.kind == "CustomResourceDefinition":
            return self._failed(step, error)
        created = self._created(obj, resource)
        if created is None:
            return self._failed(step, error)
        wanted = as_member(obj.data, self.blueprint)
        url = resource.path(obj.id.namespace, obj.id.name)
        trial = RefusedUpdate(self.connection, url, manager(self.blueprint), wanted, live, created)
        way = trial.find_way(error)
        if isinstance(way, Workaround):
            step = replace(step, conflicts=(*step.conflicts, *(_in_the_way(extra, live) for extra in way.removed)))
            return self._updating(step, live, way.predicted)
        fields = declared_changes(obj, live)
        if not (about := _unchangeable(fields, trial, way, self.release)):
            return self._failed(step, error)
        known = immutable_fields(ObjectChange(obj.id, Action.UPDATE, fields), self.release)
        reason = why(known) if known else "must be replaced, because a field cannot change on an existing object"
        named = [field for field in about if field in known] or (about if len(about) == 1 else ())
        origin = named[0].origin if named else None
        return self._replacing(replace(step, fields=fields, reason=reason), live, error.message, origin)

    def _replacing(self, step: Step, live: Mapping[str, Any], detail: str, origin: FieldOrigin | None) -> Decision:
        obj = step.object
        retained = may_not_be_replaced(obj.id)
        lost = losses(live, obj.data)
        found = findings.needs_replacement(obj.id, detail, retained, lost, origin)
        step = replace(step, action=Action.REPLACE, blocked=True, replaceable=not retained, loses=lost, conflicts=())
        return step, (found,)

    def _created(self, obj: Object, resource: Resource) -> dict[str, Any] | None:
        """The result of creating a new object with the same content; None if this is rejected too.

        In that case the content is invalid. Messages vary too much to distinguish the cases ("field is immutable", "may
        not be changed in an update", ...).
        """
        meta = obj.data["metadata"] | {"name": f"{obj.id.name[:40]}-{secrets.token_hex(4)}"}
        body = as_member({**obj.data, "metadata": meta}, self.blueprint)
        url = resource.collection(obj.id.namespace)
        try:
            created: dict[str, Any] = self.connection.post(url, body, manager(self.blueprint), dry_run=True)
        except ApiError:
            return None
        return created

    def _failed(self, step: Step, error: ApiError) -> Decision:
        """The decision without a dry run: rejected permanently, or unknown until the write itself."""
        if error.status == 0 or error.unauthenticated:
            raise error
        attempt = Action.CREATE if step.live is None else Action.UPDATE
        if error.no_dry_run:
            return replace(step, action=attempt, reason="a webhook prevents a dry-run"), ()
        found = (findings.trouble(step.object, error),)
        if error.transient:
            return replace(step, action=Action.UNKNOWN, reason="the API server keeps failing"), found
        if error.forbidden:
            return replace(step, action=Action.UNKNOWN, reason="writing it is forbidden", blocked=True), found
        return replace(step, action=attempt, reason="the API server rejects it", blocked=True), found

    def _leaving(self, obj: Object, live: Mapping[str, Any]) -> Decision:
        reason = f"is being deleted (held by {held_by(live)}), then recreated"
        text = f"{obj.id} {reason}"
        found = findings.plain(codes.TERMINATING, obj.id, text, override=Severity.WARNING)
        return Step(obj, Action.CREATE, reason=reason, leaving=True, seen=LiveVersion.of(live)), (found,)


def _unchangeable(
    fields: Sequence[FieldChange], trial: RefusedUpdate, refusals: Sequence[ApiError], release: str
) -> tuple[FieldChange, ...]:
    """The declared changes that are rejected whatever else is removed; empty if this is not proven.

    Each rejection must come from the kind itself, and refer to a field that changes.
    """
    seen = [field for field in fields if _always_named(field, trial, refusals)]
    known = immutable_fields(ObjectChange(ObjectId.of(trial.want), Action.UPDATE, tuple(fields)), release)
    return tuple(seen) or (known if all(refusal.by_validation for refusal in refusals) else ())


def _always_named(field: FieldChange, trial: RefusedUpdate, refusals: Sequence[ApiError]) -> bool:
    return all(
        refusal.by_validation and any(related(path, field.path) for path in trial.named(refusal))
        for refusal in refusals
    )


def _in_the_way(extra: ForeignField, live: Mapping[str, Any]) -> FieldConflict:
    spelt = format_path(extra.path, live)
    names = (spelt, format_path(extra.path[:-1], live))
    return FieldConflict(
        extra.path, ABSENT, extra.value, extra.owner, None, names, in_the_way=True, tokens=extra.tokens
    )


def _restored_by_server(obj: Object, live: Mapping[str, Any]) -> FieldChange | None:
    """An undeclared field that the API server would silently keep."""
    retained = find_kind(obj.id.group, obj.id.kind).retains
    name, value = (retained.field, retained.value) if retained else ("", "")
    if not name or name in (obj.data.get("spec") or {}) or (live.get("spec") or {}).get(name) != value:
        return None
    return FieldChange(("spec", name), value, ABSENT, None, f"spec.{name}")


def find_conflicts(obj: Object, live: Mapping[str, Any], error: ApiError, us: str) -> Iterator[FieldConflict]:
    """The conflicts in a 409, each with its owner, both values and the line that declares the field."""
    for field in dict.fromkeys(cause.field for cause in error.conflicts):
        if (found := find_spelt(live, field)) is None:
            yield _unlocated(obj, field, error)
            continue
        tokens, _ = found
        path = resolve(tokens, obj.data) or ()
        for owner in entries(live):
            if (owner.manager, owner.operation) != (us, "Apply") and _owns(owner.fields, tokens):
                declared, now = value_at(tokens, obj.data), value_at(tokens, live)
                spelt = (format_path(path, obj.data), format_path(resolve(tokens, live) or (), live), field.lstrip("."))
                retained = tuple(text for text in spelt if text)
                yield FieldConflict(path, declared, now, owner, obj.origin(path), retained, located=bool(path))


def _unlocated(obj: Object, field: str, error: ApiError) -> FieldConflict:
    """A conflict about a field that managedFields do not contain: only the message is available."""
    detail = next(cause.message for cause in error.conflicts if cause.field == field)
    path, located = follow(field, obj.data), follow_all(field, obj.data) is not None
    manager_name = detail.partition('"')[2].partition('"')[0] or detail
    spelt = (format_path(path, obj.data), field.lstrip(".")) if located else (field.lstrip("."),)
    owner = Entry(manager_name, "", "", "", {})
    return FieldConflict(path, ABSENT, ABSENT, owner, obj.origin(path), spelt, located=located)


def _owns(tree: Mapping[str, Any], tokens: tuple[str, ...]) -> bool:
    for token in tokens:
        if token not in tree:
            return False
        tree = tree[token]
    return True


def changed_fields(obj: Object, live: Mapping[str, Any], then: Mapping[str, Any]) -> Iterator[FieldChange]:
    """All fields that differ between two states of an object, except for the membership label, with their origins."""
    for path, was, now in differences(_without_membership(live), _without_membership(then)):
        name = format_path(path, live if now is ABSENT else then)
        yield FieldChange(path, was, now, obj.origin(translate(path, then, obj.data)), name)


def declared_changes(obj: Object, live: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """The differences between the declared and the live object, if no dry run can show the result."""
    return tuple(field for field in changed_fields(obj, live, obj.data) if field.after is not ABSENT)


def _without_membership(state: Mapping[str, Any]) -> dict[str, Any]:
    """The content without our membership label, which is part of the inventory mechanism, not of the blueprint."""
    retained = content(state)
    if labels := retained["metadata"].get("labels"):
        rest = {key: value for key, value in labels.items() if key != PART_OF}
        retained["metadata"] = retained["metadata"] | {"labels": rest}
        if not rest:
            del retained["metadata"]["labels"]
    return retained


def translate(path: Path, old: Any, new: Any) -> Path:
    """The path of the field in another state of the object: list items are matched by name, not by index."""
    found: list[str | int] = []
    for step in path:
        if isinstance(step, int) and isinstance(old, list) and isinstance(new, list):
            key = list_key(old, new)
            if key is not None and step < len(old):
                wanted = old[step][key]
                index = next((i for i, item in enumerate(new) if item[key] == wanted), None)
                if index is None:
                    break
                old, new = old[step], new[index]
                found.append(index)
                continue
        if not _has(new, step):
            break
        found.append(step)
        new = new[step]
        old = old[step] if _has(old, step) else ABSENT
    return tuple(found)


def _has(data: Any, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(data, list) and step < len(data)
    return isinstance(data, Mapping) and step in data
