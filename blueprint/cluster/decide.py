"""Decide what one object needs: nothing where that can be proven cheaply, otherwise a dry-run says.

Tier 0 compares with the record (same object, same content, same wish). Tier 1 compares what we own and its
values. Only then the server is asked, by a server-side dry-run: first without force, which names conflicts, and
where there are any with force, which shows what taking the fields would do.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from blueprint.cluster import codes, findings
from blueprint.cluster.connection import Connection
from blueprint.cluster.discovery import Resource
from blueprint.cluster.errors import ApiError
from blueprint.cluster.fields import (
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
from blueprint.cluster.inventory import PART_OF, Snapshot, as_member, desired_hash, is_unchanged, manager
from blueprint.cluster.spelling import follow
from blueprint.cluster.steps import Conflict, Seen, Step
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.render.compare import ABSENT, Action, FieldChange, ObjectChange, differences
from blueprint.render.immutable import immutable_fields, may_not_be_replaced, why
from blueprint.render.model import Object, Path
from blueprint.source.paths import format_path, list_key

Decision = tuple[Step, tuple[Diagnostic, ...]]


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides object by object for one blueprint on one connection."""

    connection: Connection
    blueprint: str

    def existing(self, obj: Object, live: Mapping[str, Any], snapshot: Snapshot | None, resource: Resource) -> Decision:
        """What an object needs that is there. Raises ApiError where the server is gone."""
        if live["metadata"].get("deletionTimestamp"):
            return self._leaving(obj, live)
        step = Step(obj, Action.UNCHANGED, live=live, seen=Seen.of(live))
        if self._is_proven(obj, live, snapshot):
            return step, ()
        return self._ask(step, live, resource)

    def absent(self, obj: Object, resource: Resource) -> Decision:
        """What an object needs that is not there, in a place that is: creation, if the server would have it."""
        step = Step(obj, Action.CREATE)
        try:
            self._dry_run(obj, resource)
        except ApiError as error:
            if error.missing:
                return step, ()
            return self._failed(step, error)
        return step, ()

    def _is_proven(self, obj: Object, live: Mapping[str, Any], snapshot: Snapshot | None) -> bool:
        if snapshot is None or snapshot.desired != desired_hash(obj):
            return False
        if is_unchanged(snapshot, live):
            return True
        own = own_entry(live, manager(self.blueprint))
        if own is None or fieldset_hash(own.fields) != snapshot.fieldset:
            return False
        wanted = as_member(obj.data, self.blueprint)
        differing = {*mismatches(own.fields, wanted, live), *departures(own.fields, wanted, live)}
        return all(snapshot.stored_so(at, value_at(at, live)) for at in differing)

    def _ask(self, step: Step, live: Mapping[str, Any], resource: Resource) -> Decision:
        obj = step.object
        conflicts: tuple[Conflict, ...] = ()
        try:
            predicted = self._dry_run(obj, resource)
        except ApiError as error:
            if not error.conflicts:
                return self._refused(step, live, resource, error)
            conflicts = tuple(find_conflicts(obj, live, error, manager(self.blueprint)))
            try:
                predicted = self._dry_run(obj, resource, force=True)
            except ApiError as again:
                return self._refused(step, live, resource, again)
        fields = tuple(changed_fields(obj, live, predicted))
        step = replace(step, fields=fields, conflicts=conflicts)
        if fields or conflicts:
            step = replace(step, action=Action.UPDATE)
        elif content(live) != content(predicted):
            step = replace(step, action=Action.UPDATE, reason="is entered into the record")
        elif not self._owns_the_same(live, predicted):
            step = replace(step, action=Action.UPDATE, reason="values stay, fields become ours")
        return step, tuple(findings.conflict(obj.id, c, obj.data) for c in conflicts)

    def _owns_the_same(self, live: Mapping[str, Any], predicted: Mapping[str, Any]) -> bool:
        now, then = (own_entry(o, manager(self.blueprint)) for o in (live, predicted))
        return now is not None and then is not None and now.fields == then.fields

    def _dry_run(self, obj: Object, resource: Resource, *, force: bool = False) -> dict[str, Any]:
        path = resource.path(obj.id.namespace, obj.id.name)
        body = as_member(obj.data, self.blueprint)
        return self.connection.apply(path, body, manager(self.blueprint), force=force, dry_run=True)[0]

    def _refused(self, step: Step, live: Mapping[str, Any], resource: Resource, error: ApiError) -> Decision:
        if not error.invalid or not self._would_be_created(step.object, resource):
            return self._failed(step, error)
        obj = step.object
        fields = wished(obj, live)
        known = immutable_fields(ObjectChange(obj.id, Action.UPDATE, fields))
        text = f"{obj.id} would have to be deleted and created anew: {error.message}"
        kept = may_not_be_replaced(obj.id)
        help_text = f"`apply` never does that: {kept}" if kept else "`apply --replace` does it, when that can be borne"
        first = next((f.origin for f in (*known, *fields) if f.origin), None)
        found = findings.plain(codes.NEEDS_REPLACEMENT, obj.id, text, help_text, origin=first)
        reason = why(known) if known else "must be replaced: a field cannot change on a living object"
        step = replace(step, action=Action.REPLACE, fields=fields, reason=reason, blocked=True, replaceable=not kept)
        return step, (found,)

    def _would_be_created(self, obj: Object, resource: Resource) -> bool:
        """Whether the same content is valid for a new object; then it is the change that is not.

        Messages vary too much to tell ("field is immutable", "may not be changed in an update", ...).
        """
        if obj.id.kind == "CustomResourceDefinition":
            return False
        meta = obj.data["metadata"] | {"name": f"{obj.id.name[:40]}-{secrets.token_hex(4)}"}
        body = as_member({**obj.data, "metadata": meta}, self.blueprint)
        try:
            self.connection.post(resource.collection(obj.id.namespace), body, manager(self.blueprint), dry_run=True)
        except ApiError:
            return False
        return True

    def _failed(self, step: Step, error: ApiError) -> Decision:
        """No answer from a dry-run: refused for good, or nobody knows and the write itself will tell."""
        if error.status == 0 or error.unauthenticated:
            raise error
        attempt = Action.CREATE if step.live is None else Action.UPDATE
        if error.no_dry_run:
            return replace(step, action=attempt, reason="a webhook keeps it from being tried before"), ()
        found = (findings.trouble(step.object, error),)
        if error.transient:
            return replace(step, action=Action.UNKNOWN, reason="the API server keeps failing"), found
        if error.forbidden:
            return replace(step, action=Action.UNKNOWN, reason="may not be written", blocked=True), found
        return replace(step, action=attempt, reason="the API server refuses it", blocked=True), found

    def _leaving(self, obj: Object, live: Mapping[str, Any]) -> Decision:
        held = ", ".join(live["metadata"].get("finalizers") or ()) or "nothing that is visible"
        reason = f"is being deleted (held by {held}), then created anew"
        text = f"{obj.id} {reason}"
        found = findings.plain(codes.TERMINATING, obj.id, text, override=Severity.WARNING)
        return Step(obj, Action.CREATE, reason=reason, leaving=True, seen=Seen.of(live)), (found,)


def find_conflicts(obj: Object, live: Mapping[str, Any], error: ApiError, us: str) -> Iterator[Conflict]:
    """The conflicts of a 409, each with its owner, both values and the line that declares the field."""
    for field in dict.fromkeys(cause.field for cause in error.conflicts):
        if (found := find_spelt(live, field)) is None:
            yield _unlocated(obj, field, error)
            continue
        tokens, _ = found
        path = resolve(tokens, obj.data) or ()
        for owner in entries(live):
            if (owner.manager, owner.operation) != (us, "Apply") and _owns(owner.fields, tokens):
                declared, now = value_at(tokens, obj.data), value_at(tokens, live)
                yield Conflict(path, declared, now, owner, obj.origin(path))


def _unlocated(obj: Object, field: str, error: ApiError) -> Conflict:
    """A conflict about a field that managedFields do not show: what the message says must do."""
    said = next(cause.message for cause in error.conflicts if cause.field == field)
    path = follow(field, obj.data)
    manager_name = said.partition('"')[2].partition('"')[0] or said
    return Conflict(path, ABSENT, ABSENT, Entry(manager_name, "", "", "", {}), obj.origin(path))


def _owns(tree: Mapping[str, Any], tokens: tuple[str, ...]) -> bool:
    for token in tokens:
        if token not in tree:
            return False
        tree = tree[token]
    return True


def changed_fields(obj: Object, live: Mapping[str, Any], then: Mapping[str, Any]) -> Iterator[FieldChange]:
    """Every field that differs between two states of an object, membership label left out, with its origin."""
    for path, was, now in differences(_without_membership(live), _without_membership(then)):
        name = format_path(path, live if now is ABSENT else then)
        yield FieldChange(path, was, now, obj.origin(translate(path, then, obj.data)), name)


def wished(obj: Object, live: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """What the object says otherwise than the live one, where no dry-run can tell what would come of it."""
    return tuple(field for field in changed_fields(obj, live, obj.data) if field.after is not ABSENT)


def _without_membership(state: Mapping[str, Any]) -> dict[str, Any]:
    """The content without our own label: that is how the record works, nothing that the blueprint says."""
    kept = content(state)
    if labels := kept["metadata"].get("labels"):
        rest = {key: value for key, value in labels.items() if key != PART_OF}
        kept["metadata"] = kept["metadata"] | {"labels": rest}
        if not rest:
            del kept["metadata"]["labels"]
    return kept


def translate(path: Path, old: Any, new: Any) -> Path:
    """The same field in another state of the object: list items are matched by name, not by index."""
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
