"""Writes one object by server-side apply, bound to the planned state, with an explanation for every rejection.

The request contains the resourceVersion of the plan, so that no unknown state is overwritten. Status updates also
change that version; in this case the object is read again, and written if its content is still the same.

A write whose response was lost may have been carried out. It is sent again only after reading the object, and only if
it has not been carried out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Resource
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.managed_fields import content, own_entry
from blueprint.cluster import codes, findings
from blueprint.cluster.consent import NONE, Consent
from blueprint.cluster.obstacles import JSON_PATCH, left_out
from blueprint.cluster.ownership import ownership_before
from blueprint.cluster.plan_model import FieldConflict, LiveVersion, Step
from blueprint.cluster.step_decision import find_conflicts
from blueprint.cluster.waits import await_gone
from blueprint.diagnostics import Diagnostic
from blueprint.inventory.membership import as_member, manager
from blueprint.records import Record, field, replace

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


class WriteResult(Record):
    """The result for one object: its live state after the write, or why there is none.

    `left` are contested fields that were not written, because the user did not consent to taking them over.
    """

    live: dict[str, Any] | None
    created: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    left: tuple[FieldConflict, ...] = ()


class ObjectWriter(Record):
    """Writes objects of one blueprint.

    `timeout` is in seconds, for one object with its retries; `consent` determines which contested fields may be taken
    over. Once `stop` is set, waiting ends.
    """

    connection: Connection
    blueprint: str
    timeout: float
    consent: Consent = NONE
    stop: Event = field(default_factory=Event)

    def write(self, step: Step, resource: Resource) -> WriteResult:
        """Apply one step.

        Raises:
            ApiError: the server is unavailable, or no longer accepts the credentials.
        """
        obj, path = step.object, resource.path(step.id.namespace, step.id.name)
        if step.leaving and step.seen is not None:
            late = await_gone(self.connection, path, step.seen.uid, step.id, self.timeout, self.stop)
            if late:
                return WriteResult(None, diagnostics=(late,))
            step = replace(step, seen=None)
        end = time.monotonic() + self.timeout
        pause, uncertain = _FIRST_PAUSE, False
        while True:
            try:
                done = self._apply(step, path)
                return replace(done, created=done.created or (uncertain and step.seen is None))
            except ApiError as error:
                if error.unauthenticated or error.unsent:
                    raise
                uncertain = uncertain or error.uncertain
                answer = self._after(step, path, error)
                if isinstance(answer, WriteResult):
                    return answer
                if time.monotonic() + pause > end or self.stop.wait(pause):
                    self._raise_if_gone(error)
                    return WriteResult(None, diagnostics=(findings.trouble(obj, error),))
                step = answer
            pause = min(pause * 2, _LONGEST_PAUSE)

    def replace(self, step: Step, resource: Resource) -> WriteResult:
        """Delete the object that was read, wait until it no longer exists, and recreate it.

        Raises:
            ApiError: the server is unavailable, or no longer accepts the credentials.
        """
        path = resource.path(step.id.namespace, step.id.name)
        if step.seen is None:
            return self.write(step, resource)
        try:
            if not step.seen.is_still(self.connection.get(path)):
                return WriteResult(None, diagnostics=(self._stale(step, "it was changed"),))
            self._delete(path, step.seen.uid)
        except ApiError as error:
            if error.fatal:
                raise
            if not (error.missing or error.stale):
                return WriteResult(None, diagnostics=(findings.trouble(step.object, error),))
            if error.stale:
                return WriteResult(None, diagnostics=(self._stale(step, "it was replaced in the meantime"),))
        # If anything fails from here on, the next apply finds the object missing and creates it.
        return self.write(replace(step, leaving=True), resource)

    def _delete(self, path: str, uid: str) -> None:
        """Delete the object with this uid. This can be repeated safely if the response is lost."""
        try:
            self.connection.delete(path, uid)
        except ApiError as error:
            if not error.uncertain:
                raise
            self.connection.get(path)  # waits for the server
            self.connection.delete(path, uid)

    def _raise_if_gone(self, error: ApiError) -> None:
        """Raise if the server is unavailable: then nothing else would succeed. Otherwise it may be a webhook of this
        kind.
        """
        if error.status == 0:
            raise error
        if error.transient:
            try:
                self.connection.get("/api/v1/namespaces/kube-system")
            except ApiError as also:
                if also.transient:
                    raise also from None

    def _after(self, step: Step, path: str, error: ApiError) -> Step | WriteResult:
        """How to proceed after an error: a result, or the step to retry."""
        moved = self._moved(step, path, error)
        if moved is not None:
            return WriteResult(None, diagnostics=(moved,)) if isinstance(moved, Diagnostic) else moved
        if error.stale and step.seen is None:  # it was created meanwhile, or its quota changed
            return step
        if error.conflicts:
            return WriteResult(None, diagnostics=tuple(self._conflicts(step, path, error)))
        # A namespace or a kind that was just created may not be known to all servers yet.
        if error.transient or error.kind_missing or error.namespace_missing:
            return step
        return WriteResult(None, diagnostics=(findings.trouble(step.object, error),))

    def _apply(self, step: Step, path: str) -> WriteResult:
        left = self.consent.left(step)
        taken = tuple(conflict for conflict in step.conflicts if conflict not in left)
        seen = self._entered(step, path, taken)
        body = self._body(step)
        if seen is not None:
            body["metadata"] = body["metadata"] | {"uid": seen.uid, "resourceVersion": seen.resource_version}
        live, created = self.connection.apply(path, body, manager(self.blueprint), force=bool(taken))
        return self._written(step, live, created=created)

    def _body(self, step: Step) -> dict[str, Any]:
        left = [conflict.path for conflict in self.consent.left(step)]
        return left_out(as_member(step.object.data, self.blueprint), left)

    def _written(self, step: Step, live: dict[str, Any], *, created: bool) -> WriteResult:
        left = self.consent.left(step)
        taken = (conflict for conflict in step.conflicts if conflict not in left)
        notes = tuple(findings.conflict(step.id, c, step.object.data, taken=True) for c in taken)
        return WriteResult(live, created, notes, left)

    def _entered(self, step: Step, path: str, taken: Sequence[FieldConflict]) -> LiveVersion | None:
        """Correct the recorded owners before the apply, if it cannot do so itself. The content does not change.

        A run that ends in between leaves fields in our name, which the next apply drops.
        """
        owners = ownership_before(step, taken, manager(self.blueprint))
        if owners is None or step.seen is None:
            return step.seen
        patch = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": step.seen.resource_version},
            {"op": "add", "path": "/metadata/managedFields", "value": owners},
        ]
        return LiveVersion.of(self.connection.patch(path, patch, manager(self.blueprint), JSON_PATCH))

    def _moved(self, step: Step, path: str, error: ApiError) -> Step | WriteResult | Diagnostic | None:
        """After an error that a changed object explains: the step for its new version, a diagnostic that it is stale,
        or the result.

        None if the object did not change, so the error has another cause.
        """
        if step.seen is None or not (error.stale or error.conflicts or error.invalid or error.uncertain):
            return None
        try:
            live = self.connection.get(path)
        except ApiError as unreadable:
            if unreadable.fatal:
                raise
            return self._stale(step, "it was deleted") if unreadable.missing else None
        if not step.seen.is_still(live):
            done = self._is_done(step, path, live)
            return self._written(step, live, created=False) if done else self._stale(step, "it was changed")
        if live["metadata"]["resourceVersion"] == step.seen.resource_version:
            return None
        version = str(live["metadata"]["resourceVersion"])
        seen = replace(step.seen, resource_version=version)
        return replace(step, seen=seen, live=live)

    def _is_done(self, step: Step, path: str, live: dict[str, Any]) -> bool:
        """Whether the object is the result of this very write: the response to an earlier attempt was lost."""
        us = manager(self.blueprint)
        try:
            then, _ = self.connection.apply(path, self._body(step), us, dry_run=True)
        except ApiError as error:
            if error.fatal:
                raise
            return False
        mine, soon = own_entry(live, us), own_entry(then, us)
        same_fields = mine is not None and soon is not None and mine.fields == soon.fields
        return same_fields and content(live) == content(then)

    def _stale(self, step: Step, what: str) -> Diagnostic:
        text = f"{step.id} was not written, because {what} after the plan was made"
        return findings.plain(codes.STALE_PLAN, step.id, text, "run plan and apply again")

    def _conflicts(self, step: Step, path: str, error: ApiError) -> list[Diagnostic]:
        """Conflicts that did not exist, or were not approved, when the plan was made."""
        live = self.connection.get(path)
        found = find_conflicts(step.object, live, error, manager(self.blueprint))
        return [findings.conflict(step.id, c, step.object.data) for c in found]
