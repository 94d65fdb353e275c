"""Write one object: server-side apply, bound to the state that was planned, with every refusal made plain.

The resourceVersion of the plan goes into the request, so nothing is written over a state that nobody looked at.
A status update in between also changes that version; then the object is read again, and written if what
it says is still what was seen.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from blueprint.cluster import codes, findings
from blueprint.cluster.connection import Connection
from blueprint.cluster.consent import NONE, Consent
from blueprint.cluster.decide import find_conflicts
from blueprint.cluster.discovery import Resource
from blueprint.cluster.errors import ApiError
from blueprint.cluster.gates import await_gone
from blueprint.cluster.inventory import as_member, manager
from blueprint.cluster.obstacles import JSON_PATCH, left_out
from blueprint.cluster.ownership import ownership_before
from blueprint.cluster.steps import Conflict, Seen, Step
from blueprint.diagnostics import Diagnostic

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one object: its live state after the write, or why there is none.

    `left` are contested fields that were left out of the request, since nobody allowed to take them.
    """

    live: dict[str, Any] | None
    created: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    left: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes objects of one blueprint.

    `timeout` is in seconds, for one object with its retries; `consent` says which contested fields may be taken. Once
    `stop` is set nothing is waited for any more.
    """

    connection: Connection
    blueprint: str
    timeout: float
    consent: Consent = NONE
    stop: Event = field(default_factory=Event)

    def write(self, step: Step, resource: Resource) -> Written:
        """Apply one step.

        Raises:
            ApiError: the server is gone, or does not know us any more.
        """
        obj, path = step.object, resource.path(step.id.namespace, step.id.name)
        if step.leaving and step.seen is not None:
            late = await_gone(self.connection, path, step.seen.uid, step.id, self.timeout, self.stop)
            if late:
                return Written(None, diagnostics=(late,))
            step = dataclasses.replace(step, seen=None)
        end = time.monotonic() + self.timeout
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._apply(step, path)
            except ApiError as error:
                if error.status == 0 or error.unauthenticated:
                    raise
                answer = self._after(step, path, error)
                if isinstance(answer, Written):
                    return answer
                if time.monotonic() + pause > end or self.stop.wait(pause):
                    return Written(None, diagnostics=(findings.trouble(obj, error),))
                step = answer
            pause = min(pause * 2, _LONGEST_PAUSE)

    def replace(self, step: Step, resource: Resource) -> Written:
        """Delete the object that was seen, wait until it is gone, and create it anew.

        Raises:
            ApiError: the server is gone, or does not know us any more.
        """
        path = resource.path(step.id.namespace, step.id.name)
        if step.seen is None:
            return self.write(step, resource)
        try:
            if not step.seen.is_still(self.connection.get(path)):
                return Written(None, diagnostics=(self._stale(step, "it was changed"),))
            self.connection.delete(path, step.seen.uid)
        except ApiError as error:
            if error.status == 0 or error.unauthenticated:
                raise
            if not (error.missing or error.stale):
                return Written(None, diagnostics=(findings.trouble(step.object, error),))
            if error.stale:
                return Written(None, diagnostics=(self._stale(step, "it was replaced by somebody"),))
        # Whatever stops us from here on, the next apply finds the object missing, and creates it.
        return self.write(dataclasses.replace(step, leaving=True), resource)

    def _after(self, step: Step, path: str, error: ApiError) -> Step | Written:
        """What a refusal means: an end, or the step to try again with."""
        moved = self._moved(step, path, error)
        if moved is not None:
            return Written(None, diagnostics=(moved,)) if isinstance(moved, Diagnostic) else moved
        if error.conflicts:
            return Written(None, diagnostics=tuple(self._conflicts(step, path, error)))
        # A namespace or a kind that was just created may not be known everywhere yet.
        if error.transient or error.kind_missing or error.namespace_missing:
            return step
        return Written(None, diagnostics=(findings.trouble(step.object, error),))

    def _apply(self, step: Step, path: str) -> Written:
        left = self.consent.left(step)
        taken = tuple(conflict for conflict in step.conflicts if conflict not in left)
        seen = self._entered(step, path, taken)
        body = left_out(as_member(step.object.data, self.blueprint), [conflict.path for conflict in left])
        if seen is not None:
            body["metadata"] = body["metadata"] | {"uid": seen.uid, "resourceVersion": seen.resource_version}
        live, created = self.connection.apply(path, body, manager(self.blueprint), force=bool(taken))
        notes = tuple(findings.conflict(step.id, c, step.object.data, taken=True) for c in taken)
        return Written(live, created, notes, left)

    def _entered(self, step: Step, path: str, taken: Sequence[Conflict]) -> Seen | None:
        """Who owns what, put right before the apply where it alone could not: the content stays as it is.

        A run that ends in between leaves fields in our name, which the next apply drops.
        """
        owners = ownership_before(step, taken, manager(self.blueprint))
        if owners is None or step.seen is None:
            return step.seen
        patch = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": step.seen.resource_version},
            {"op": "add", "path": "/metadata/managedFields", "value": owners},
        ]
        return Seen.of(self.connection.patch(path, patch, manager(self.blueprint), JSON_PATCH))

    def _moved(self, step: Step, path: str, error: ApiError) -> Step | Diagnostic | None:
        """After a refusal that a moved object explains: the step for its new version, or that it is stale.

        None where the object did not move, so something else is wrong.
        """
        if step.seen is None or not (error.stale or error.conflicts or error.invalid):
            return None
        try:
            live = self.connection.get(path)
        except ApiError as unreadable:
            return self._stale(step, "it was deleted") if unreadable.missing else None
        if not step.seen.is_still(live):
            return self._stale(step, "it was changed")
        if live["metadata"]["resourceVersion"] == step.seen.resource_version:
            return None
        version = str(live["metadata"]["resourceVersion"])
        seen = dataclasses.replace(step.seen, resource_version=version)
        return dataclasses.replace(step, seen=seen, live=live)

    def _stale(self, step: Step, what: str) -> Diagnostic:
        text = f"{step.id} was not written: {what} after the plan was made"
        return findings.plain(codes.STALE_PLAN, step.id, text, "run plan and apply again")

    def _conflicts(self, step: Step, path: str, error: ApiError) -> list[Diagnostic]:
        """Conflicts that were not there, or not approved, when the plan was made."""
        live = self.connection.get(path)
        found = find_conflicts(step.object, live, error, manager(self.blueprint))
        return [findings.conflict(step.id, c, step.object.data) for c in found]
