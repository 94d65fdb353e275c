"""The tasks of an apply: extend the inventory, write objects and nodes, wait, update the inventory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

from blueprint.apiserver.connect import refused
from blueprint.apiserver.connection import POOL_SIZE, Connection
from blueprint.apiserver.discovery import discover
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Object, ObjectId
from blueprint.changes.compare import Action
from blueprint.cluster import codes, findings
from blueprint.cluster.consent import Consent
from blueprint.cluster.dependencies import needs
from blueprint.cluster.events import ApplyEvent, ApplyStatus, RecordEvent, WaitEvent, WaitStatus
from blueprint.cluster.executor import TaskContext
from blueprint.cluster.health import simulated_nodes, wait_healthy
from blueprint.cluster.node_writes import write_node
from blueprint.cluster.olm import await_operator, brought_by, subscriptions_of
from blueprint.cluster.plan_model import NodeStep, Plan, Step
from blueprint.cluster.waits import await_definition, await_namespace, served_by
from blueprint.cluster.write import ObjectWriter, WriteResult
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.inventory.model import Inventory, NodeRecord
from blueprint.inventory.snapshots import desired_hash, take_snapshot
from blueprint.inventory.storage import write_inventory
from blueprint.inventory.update import ApplyResult, exact, widened
from blueprint.records import Record, replace

_STATUS = {
    Action.CREATE: ApplyStatus.CREATED,
    Action.UPDATE: ApplyStatus.UPDATED,
    Action.REPLACE: ApplyStatus.REPLACED,
}


class WidenInventory(Record):
    """Records everything that may be written, so that a run that is killed leaves nothing unknown."""

    plan: Plan
    name: str = "record what may be written"

    def run(self, context: TaskContext) -> None:
        """Raises ApiError if the inventory cannot be written: then nothing else is written."""
        _save(context, self.plan, widened(self.plan.scope, context.inventory))


class WriteObjects(Record):
    """Writes independent objects concurrently; unchanged ones are not written."""

    plan: Plan
    steps: Sequence[Step]
    consent: Consent
    name: str

    def run(self, context: TaskContext) -> None:
        """Raises ApiError if the server is unavailable; running writes are completed and recorded."""
        ready = [step for step in self.steps if self._may_start(context, step)]
        for step in ready:
            if step.action is Action.UNCHANGED:
                self._unchanged(context, step)
        if due := [step for step in ready if step.action is not Action.UNCHANGED]:
            self._write(context, due)

    def _may_start(self, context: TaskContext, step: Step) -> bool:
        """Whether nothing prevents writing an object: its own plan, its namespace, its CRD."""
        if not step.blocked and self.consent.lets_write(step):
            missing = next((f for f in context.results.failed if needs(step, f, self.plan)), None)
            if missing is None:
                return True
            context.unmet.setdefault(missing, []).append(step.id)
        context.emit(ApplyEvent(step.id, ApplyStatus.NOT_WRITTEN))
        return False

    def _unchanged(self, context: TaskContext, step: Step) -> None:
        """Process an object that needs no write. Its snapshot is updated only if it belongs to another declaration or
        object.

        It is never updated because the content differs: that would record changes by others as the applied state.
        """
        member = context.inventory.members.get(step.id)
        snapshot = member.snapshot if member else None
        if step.live is not None and (
            snapshot is None
            or snapshot.desired != desired_hash(step.object)
            or snapshot.uid != step.live["metadata"]["uid"]
        ):
            context.snapshots[step.id] = take_snapshot(step.object, step.live, self.plan.bundle.name)
        context.emit(ApplyEvent(step.id, ApplyStatus.UNCHANGED))

    def _write(self, context: TaskContext, steps: Sequence[Step]) -> None:
        writer = ObjectWriter(context.connection, self.plan.bundle.name, context.timeout, self.consent)
        threads = ThreadPoolExecutor(POOL_SIZE)
        jobs = {threads.submit(_write_one, context, writer, step): step for step in steps}
        try:
            for job in as_completed(jobs):
                self._enter(context, jobs[job], job)
        finally:
            # After Ctrl-C, running writes are completed and recorded; no new ones are started.
            writer.stop.set()
            threads.shutdown(wait=True, cancel_futures=True)
            for job, step in jobs.items():
                self._enter(context, step, job)
        _raise_first(jobs)

    def _enter(self, context: TaskContext, step: Step, job: Future[WriteResult]) -> None:
        if step.id in context.results.applied or job.cancelled() or job.exception() is not None:
            return
        written = job.result()
        context.report(*written.diagnostics)
        if written.live is None:
            context.emit(ApplyEvent(step.id, ApplyStatus.NOT_WRITTEN))
            return
        if not written.left:  # Otherwise it is not as declared, and no record may claim so later.
            context.snapshots[step.id] = take_snapshot(step.object, written.live, self.plan.bundle.name)
        action = Action.CREATE if written.created else Action.UPDATE
        if step.action is Action.REPLACE:
            action = Action.REPLACE
        left = {conflict.path for conflict in written.left}
        fields = tuple(field for field in step.fields if not any(field.path[: len(path)] == path for path in left))
        change = replace(step.change, action=action, fields=fields, reason="")
        context.emit(ApplyEvent(step.id, _STATUS[action], change))


def _write_one(context: TaskContext, writer: ObjectWriter, step: Step) -> WriteResult:
    resource = context.discovery.find(step.object.api_version, step.id.kind)
    if resource is None:
        text = f"{step.id} cannot be applied: the API server does not serve {step.id.kind} {step.object.api_version}"
        return WriteResult(None, diagnostics=(findings.plain(codes.NOT_SERVED, step.id, text),))
    return writer.replace(step, resource) if step.action is Action.REPLACE else writer.write(step, resource)


def _raise_first(jobs: Iterable[Future[Any]]) -> None:
    for job in jobs:
        if not job.cancelled() and (error := job.exception()) is not None:
            raise error


class WriteNodes(Record):
    """Writes the labels and taints of nodes."""

    blueprint: str
    steps: Sequence[NodeStep]
    consent: Consent
    name: str = "write nodes"

    def run(self, context: TaskContext) -> None:
        """Raises ApiError if the server is unavailable."""
        for step in self.steps:
            self._write(context, step)

    def _write(self, context: TaskContext, step: NodeStep) -> None:
        if step.blocked or not self.consent.lets_write(step):
            context.emit(ApplyEvent(step.id, ApplyStatus.NOT_WRITTEN))
            return
        if step.action is Action.UNCHANGED:
            context.emit(ApplyEvent(step.id, ApplyStatus.UNCHANGED))
        elif found := write_node(context.connection, step, self.blueprint, force=bool(step.conflicts)):
            context.report(found)
            context.emit(ApplyEvent(step.id, ApplyStatus.NOT_WRITTEN))
            return
        else:
            context.emit(ApplyEvent(step.id, ApplyStatus.UPDATED, step.change))
        if step.labels or step.ours:
            context.nodes[step.name] = NodeRecord(step.uid, tuple(sorted(step.labels)), step.ours)


class WaitForNamespaces(Record):
    """Waits until objects can be created in namespaces."""

    steps: Sequence[Step]
    name: str = "wait for namespaces"

    def run(self, context: TaskContext) -> None:
        """Raises ApiError if the server is unavailable."""
        _wait_each(context, self.steps, lambda s: await_namespace(context.connection, s.id.name, context.timeout))


class WaitForDefinitions(Record):
    """Waits until CRDs are served, and discovers their kinds."""

    steps: Sequence[Step]
    name: str = "wait for definitions"

    def run(self, context: TaskContext) -> None:
        """Raises ApiError if the server is unavailable."""
        connection = context.connection
        _wait_each(context, self.steps, lambda s: await_definition(connection, s.object.data, context.timeout))
        # Endpoints respond some time before discovery lists them; those that were waited for are known to respond.
        came = [step.object.data for step in self.steps if step.id not in context.results.failed]
        served = [resource for crd in came for resource in served_by(crd)]
        context.discovery = discover(connection).including(served)


class WaitForOperators(Record):
    """Waits until operators are installed. They share the timeout of one, because they are installed concurrently."""

    steps: Sequence[Step]
    objects: Sequence[Object]
    health_follows: bool
    name: str = "wait for operators"

    def run(self, context: TaskContext) -> None:
        """Raises ApiError if the server is unavailable."""
        began = time.monotonic()
        brought = self._brought()

        def wait(step: Step) -> Diagnostic | None:
            """Why the operator of a step does not work; None once it does."""
            return await_operator(context.connection, step.id, brought.get(step.id, ()), began, context.timeout)

        _wait_each(context, self.steps, wait)
        context.discovery = discover(context.connection)
        late = context.results.failed.intersection(brought)
        if late and not self.health_follows and (note := simulated_nodes(context.connection)):
            context.report(note)

    def _brought(self) -> Mapping[ObjectId, set[tuple[str, str]]]:
        """The kinds (apiVersion, kind) that each Subscription installs."""
        known = subscriptions_of(self.objects)
        brought: dict[ObjectId, set[tuple[str, str]]] = {}
        for obj in self.objects:
            if subscription := brought_by(obj, known):
                brought.setdefault(subscription, set()).add((obj.api_version, obj.id.kind))
        return brought


class WaitForHealth(Record):
    """Waits until everything that was written is healthy."""

    objects: Sequence[Object]
    release: str
    name: str = "wait for health"

    def run(self, context: TaskContext) -> None:
        """Raises ApiError if the server is unavailable."""
        connection = context.connection
        written = [o for o in self.objects if o.id not in context.results.failed]
        context.report(*wait_healthy(connection, context.discovery, written, context.timeout, self.release))
        if note := simulated_nodes(connection):
            context.report(note)


def _wait_each(context: TaskContext, steps: Iterable[Step], wait: Callable[[Step], Diagnostic | None]) -> None:
    for step in steps:
        if step.id in context.results.failed:
            continue
        if late := wait(step):
            context.report(late)
        context.emit(WaitEvent(step.id, WaitStatus.TIMED_OUT if late else WaitStatus.READY))


class RecordResult(Record):
    """Makes the inventory exact: rendered objects, leftovers, and the state of each object after the apply."""

    plan: Plan
    attempted: bool
    name: str = "record what was written"

    def run(self, context: TaskContext) -> None:
        """Update the inventory. Failures are reported, unless they were reported before."""
        results = context.results
        context.report(*(findings.waiting(ids, need) for need, ids in context.unmet.items()))
        done = results.applied.keys() - results.failed
        nodes_done = frozenset(step.name for step in self.plan.nodes if step.id in done)
        result = ApplyResult(context.connection.version, context.snapshots, context.nodes, nodes_done, self.attempted)
        try:
            _save(context, self.plan, exact(self.plan.scope, context.inventory, result))
        except ApiError as error:
            known = {found.code for found in results.diagnostics}
            context.report(*(d for d in unrecorded(error, context.connection).diagnostics if d.code not in known))


def _save(context: TaskContext, plan: Plan, inventory: Inventory) -> None:
    """Write the inventory if it changes."""
    same = bool(context.inventory.resource_version) and inventory.has_same_content(context.inventory)
    if not same:
        context.inventory = write_inventory(context.connection, inventory, plan.bundle)
    context.emit(RecordEvent(context.inventory.resource_version, written=not same))


def unrecorded(error: ApiError, connection: Connection) -> Refused:
    """The error for an inventory that could not be written."""
    if error.stale or error.missing:
        text = "the record of what was applied changed during this run, so another apply is running"
        help_text = "run `apply` again when the other one has finished"
        return Refused(Diagnostic(codes.INVENTORY_MOVED, text, help=help_text))
    return refused(error, connection)
