"""A trial with the real queue manager: what it admits, what waits, and whether `admit` agrees."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import discover
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import USERS, Bundle, Object, ObjectId
from blueprint.diagnostics import Diagnostic
from blueprint.lab import codes
from blueprint.lab.queues.manager import QueueManager
from blueprint.lab.queues.node_requests import node_requests_of
from blueprint.lab.trial.decisions import Decisions, QueueDecision
from blueprint.lab.trial.model import Workload
from blueprint.lab.trial.owned import Create, Submitted, roots_of, with_pods, without_pods
from blueprint.lab.trial.stand_ins import STAND_IN
from blueprint.lab.trial.submit import Refusal, read_object
from blueprint.lab.trial.surroundings import MANAGER
from blueprint.wording import joined

_PAUSE = 0.2
Json = Mapping[str, Any]


class Queues:
    """The manager's queues, in a lab in which it runs."""

    def __init__(self, manager: QueueManager, bundle: Bundle, connection: Connection) -> None:
        self._manager = manager
        self._bundle = bundle
        self._connection = connection
        self._decisions = Decisions(manager.program, connection, node_requests_of(manager.program, bundle))

    @property
    def title(self) -> str:
        """The manager's name."""
        return self._manager.program.title

    def route(self) -> None:
        """Make the API server call the manager, which is about to start, and create the objects that workloads refer
        to.

        Raises ApiError.
        """
        for obj in (
            *self._manager.hooks(STAND_IN),
            *(Object(dict(each), USERS) for each in self._manager.program.beside),
        ):
            self._applied(obj)

    def open(self, timeout: float) -> Iterator[Diagnostic]:
        """Apply the manager's objects, and wait until all queues are active.

        Findings are about objects that it rejects or does not use. Raises ApiError, or Refused (2) if the API server
        does not trust it.
        """
        if names := self._untrusted(timeout):
            raise self._manager.failure(f"does not write its CA bundle into {joined(names)}")
        for obj in self._bundle.objects:
            if obj.id.group == self._manager.program.group:
                try:
                    self._applied(obj)
                except ApiError as error:
                    if error.status == 0:
                        raise
                    yield self._inactive(str(obj.id), f"is refused: {error.message}")
        for path in self._manager.program.queues:
            for each in self._decisions.inactive(path, timeout):
                yield self._inactive(*each)

    def submitted(
        self, workloads: Sequence[Workload], objects: Sequence[Object], create: Create, timeout: float
    ) -> tuple[list[Submitted], Mapping[int, Json | Refusal]]:
        """Create workloads and their accompanying objects. Return the decisions of the queue, and the state of each
        object.

        Pods that replace those of a controller are created for admitted workloads, with what the queue has added.
        Raises ApiError.
        """
        there = create(list(map(without_pods, workloads)), objects, timeout)
        found = [(each, roots_of(each, there)) for each in workloads]
        roots = [root for _, several in found if not isinstance(several, Refusal) for root in several]
        decisions = self._decisions.settled(roots, timeout)
        return [self._live(each, several, decisions, create, timeout) for each, several in found], there

    def decision(self, roots: Sequence[Json]) -> QueueDecision | None:
        """The current decision about objects, or about their pods; None if no queue manages them. Raises ApiError."""
        return next(iter(self._decisions.now(roots).values()), None)

    def emptied(self, timeout: float) -> None:
        """Wait until no quota is used. The workloads of the trial must have been deleted.

        Raises ApiError, or Refused (2) if something still does, because it would affect the next trial.
        """
        if names := self._decisions.left(timeout):
            raise self._manager.failure(f"still has {joined(names)} after the owners were deleted")

    def _live(
        self,
        workload: Workload,
        roots: tuple[Json, ...] | Refusal,
        decisions: Mapping[str, QueueDecision],
        create: Create,
        timeout: float,
    ) -> Submitted:
        if isinstance(roots, Refusal):
            return Submitted(workload, roots)
        decision = next(
            (decisions[root["metadata"]["uid"]] for root in roots if root["metadata"]["uid"] in decisions), None
        )
        live = tuple(map(self._again, roots))
        if not workload.stood_in or (decision and not decision.admitted):
            return Submitted(workload, live, decision)
        return with_pods(workload, live[0], decision, create, timeout)

    def _again(self, root: Json) -> Json:
        """The current state of an object."""
        resource = discover(self._connection).find(str(root["apiVersion"]), str(root["kind"]))
        metadata = root["metadata"]
        path = resource.path(metadata.get("namespace", ""), metadata["name"]) if resource else ""
        return (read_object(path, self._connection) if path else None) or root

    def _untrusted(self, timeout: float) -> list[str]:
        """The webhooks of the manager that still lack its certificate authority after the timeout."""
        end = time.monotonic() + timeout
        while True:
            written = {str(each.id): self._again(each.data) for each in self._manager.hooks(STAND_IN)}
            found = [
                name
                for name, each in written.items()
                if not all("caBundle" in hook["clientConfig"] for hook in each["webhooks"])
            ]
            if not found or time.monotonic() > end:
                return found
            time.sleep(_PAUSE)

    def _applied(self, obj: Object) -> None:
        resource = discover(self._connection).find(obj.api_version, obj.id.kind)
        if resource:
            self._connection.apply(resource.path(obj.id.namespace, obj.id.name), obj.data, MANAGER, force=True)

    def _inactive(self, name: str, text: str) -> Diagnostic:
        return Diagnostic(codes.QUEUE_INACTIVE, f"{name} {text}", subject=name, evidence=((self.title, "decides so"),))


def disagreement(
    title: str, workload: Workload, decision: QueueDecision | None, predicted: Mapping[ObjectId, bool]
) -> Diagnostic | None:
    """A diagnostic if `admit` and the manager, called `title`, decide differently about a workload; otherwise None.

    A waiting workload must have been alone, because `admit` predicts what is admitted while nothing else runs.
    """
    admits = predicted.get(workload.object.id)
    if admits is None or decision is None or admits == (not decision.waits):
        return None
    mine = "admits it" if admits else "never admits it"
    text = f"`admit` predicts that the queue of {workload.object.id} {mine}, but {title} says: {decision.in_words()}"
    return Diagnostic(codes.ADMIT_DISAGREES, text, subject=str(workload.object.id))
