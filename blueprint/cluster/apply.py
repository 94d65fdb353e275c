"""Apply a plan: write what differs, in order, record it, and say what became of every object.

The record is widened before the first write and made exact after the last, so a run that is killed at any
moment leaves nothing behind that the next run does not know. What is proven clean is not written at all.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from typing import Any

from blueprint.apiserver.codes import SERVER_FAILING
from blueprint.apiserver.connect import refused
from blueprint.apiserver.connection import POOL_SIZE, Connection
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import Action, ObjectChange
from blueprint.cluster import codes, findings
from blueprint.cluster.consent import Consent, told_when_taken, with_replacements
from blueprint.cluster.dependencies import needs
from blueprint.cluster.health import simulated_nodes, wait_healthy
from blueprint.cluster.node_writes import write_node
from blueprint.cluster.olm import await_operator, brought_by, is_subscription, wishes_of
from blueprint.cluster.plan_model import NodeStep, Plan, Step
from blueprint.cluster.waits import await_definition, await_namespace, served_by
from blueprint.cluster.write import Writer, Written
from blueprint.diagnostics import Diagnostic, Refused, Severity
from blueprint.inventory.model import Inventory, NodeRecord, Snapshot
from blueprint.inventory.snapshots import desired_hash, take_snapshot
from blueprint.inventory.storage import write_inventory
from blueprint.inventory.update import ApplyResult, exact, widened
from blueprint.kubernetes.stages import Stage, follows_peers, stage_of

Progress = Callable[[ObjectId, str], None]
"""Told about every object as it happens, in a few words; called from one thread."""


_BLIND = 2
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.REPLACE: "replaced"}


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How to apply. `timeout` is in seconds, for each object and each wait.

    `force_conflicts` allows to take contested fields, `replace` to make objects anew: everything, or what is named.
    """

    timeout: float = 60.0
    force_conflicts: Consent | bool = False
    wait: bool = False
    replace: Consent | bool = False

    @property
    def taking(self) -> Consent:
        """Which contested fields may be taken."""
        return Consent.of(self.force_conflicts)

    @property
    def replacing(self) -> Consent:
        """Which objects may be deleted and made anew."""
        return Consent.of(self.replace)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an apply came to. `changes` has what was written, or failed to be; `written` counts the former."""

    changes: tuple[ObjectChange, ...]
    diagnostics: tuple[Diagnostic, ...]
    written: int
    unchanged: int
    unknown: int
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """130 where interrupted, 1 with an error, 3 where something is unknown, else 0."""
        if self.interrupted:
            return 130
        if any(d.severity is Severity.ERROR for d in self.diagnostics):
            return 1
        return 3 if self.unknown else 0


@dataclass(slots=True)
class _Run:
    """An apply under way."""

    plan: Plan
    connection: Connection
    options: ApplyOptions
    progress: Progress
    discovery: Discovery
    inventory: Inventory
    snapshots: dict[ObjectId, Snapshot] = field(default_factory=dict)
    nodes: dict[str, NodeRecord] = field(default_factory=dict)
    changes: list[ObjectChange] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    waiting: dict[ObjectId, list[ObjectId]] = field(default_factory=dict)
    failed: set[ObjectId] = field(default_factory=set)
    finished: set[ObjectId] = field(default_factory=set)
    written: int = 0
    unchanged: int = 0


def apply_plan(
    plan: Plan, connection: Connection, options: ApplyOptions, progress: Progress = lambda _i, _w: None
) -> Outcome:
    """Make the cluster what the plan says, as far as it lets us.

    Raises:
        Refused: nothing could be looked at, the record cannot be written, or the server is gone before anything was.
    """
    steps: tuple[Step | NodeStep, ...] = (*plan.steps, *plan.nodes)
    if plan.exit_code == _BLIND and all(step.blocked for step in steps):
        raise Refused(*plan.diagnostics, exit_code=_BLIND)
    plan = with_replacements(plan, options.replacing)
    bundle = plan.bundle
    inventory = plan.inventory or Inventory(bundle.name)
    try:
        run = _Run(plan, connection, options, progress, discover(connection), inventory)
        taken = told_when_taken(plan, options.taking)
        run.diagnostics += [d for d in plan.diagnostics if d not in taken and not _is_superseded(d)]
        if _tries(run):
            run.inventory = _saved(run, widened(plan.scope, inventory))
    except ApiError as error:
        raise _unrecorded(error, connection) from None
    interrupted = _carry_out(run)
    run.diagnostics += [findings.waiting(ids, need) for need, ids in run.waiting.items()]
    _record(run)
    unknown = len(plan.hidden) + bool(plan.unread) + sum(s.blocked and s.action is Action.UNKNOWN for s in plan.steps)
    unknown += sum(found.code is codes.HEALTH_UNKNOWN for found in run.diagnostics)
    order = {change.id: place for place, change in enumerate(plan.changes)}
    changes = tuple(sorted(run.changes, key=lambda change: order[change.id]))
    return Outcome(changes, tuple(run.diagnostics), run.written, run.unchanged, unknown, interrupted)


def _is_superseded(found: Diagnostic) -> bool:
    """Whether the write itself will say what became of what the plan found."""
    if found.code is SERVER_FAILING:
        return True
    return found.code is codes.TERMINATING and found.severity is Severity.WARNING


def _tries(run: _Run) -> bool:
    """Whether anything is to be written: what nobody approved does not count."""
    steps: tuple[Step | NodeStep, ...] = (*run.plan.steps, *run.plan.nodes)
    open_ones = (step for step in steps if step.action is not Action.UNCHANGED and not step.blocked)
    return any(run.options.taking.lets_write(step) for step in open_ones)


def _unrecorded(error: ApiError, connection: Connection) -> Refused:
    if error.stale or error.missing:
        return Refused(_moved())
    return refused(error, connection)


def _moved() -> Diagnostic:
    text = "the record of what was applied changed while this run was under way: another apply is running"
    return Diagnostic(codes.INVENTORY_MOVED, text, help="run apply again when the other one has ended")


def _carry_out(run: _Run) -> bool:
    """All stages, the nodes, and the wait for health; True if interrupted on the way."""
    try:
        fresh, known = (tuple(node for node in run.plan.nodes if node.fresh is way) for way in (True, False))
        in_stages = sorted(run.plan.steps, key=lambda step: stage_of(step.id))
        for stage, steps in itertools.groupby(in_stages, lambda step: stage_of(step.id)):
            if stage >= Stage.WORKLOADS:  # marks such as gpu.deploy.driver=false must be there before who heeds them
                fresh = _carry_out_nodes(run, fresh)
            _carry_out_stage(run, stage, list(steps))
        _carry_out_nodes(run, (*fresh, *known))  # marks that name a configuration follow what knows it
        if run.options.wait:
            _await_health(run)
    except KeyboardInterrupt:
        _not_written(run, Diagnostic(codes.NOT_WRITTEN, "the run was interrupted"))
        return True
    except ApiError as error:
        [found] = refused(error, run.connection).diagnostics
        _not_written(run, found)
    return False


def _await_health(run: _Run) -> None:
    written = [o for o in run.plan.bundle.objects if o.id not in run.failed]
    run.diagnostics += wait_healthy(run.connection, run.discovery, written, run.options.timeout)
    if note := simulated_nodes(run.connection):
        run.diagnostics.append(note)


def _carry_out_stage(run: _Run, stage: Stage, steps: Sequence[Step]) -> None:
    due = [step for step in steps if step.action is not Action.UNCHANGED]
    later = [step for step in due if follows_peers(step.object)]
    ready = [step for step in steps if step not in later and _may_start(run, step)]
    for step in ready:
        if step.action is Action.UNCHANGED:
            _keep(run, step)
    _write_all(run, [step for step in ready if step.action is not Action.UNCHANGED])
    _write_all(run, [step for step in later if _may_start(run, step)])
    if stage is Stage.NAMESPACES:
        _gate(run, ready, lambda s: await_namespace(run.connection, s.id.name, run.options.timeout))
    if stage is Stage.DEFINITIONS:
        _gate(run, ready, lambda s: await_definition(run.connection, s.object.data, run.options.timeout))
        # Endpoints answer some time before discovery lists them; those that passed the gate are known to answer.
        came = [step.object.data for step in ready if step.id not in run.failed]
        served = [resource for crd in came for resource in served_by(crd)]
        run.discovery = discover(run.connection).including(served)
    if stage is Stage.OPERATORS:
        _await_operators(run, [step for step in ready if is_subscription(step.id)])


def _await_operators(run: _Run, wishes: Sequence[Step]) -> None:
    """All of them together have the time of one: they are installed side by side."""
    began = time.monotonic()
    brought: dict[ObjectId, set[tuple[str, str]]] = {}
    known = wishes_of(run.plan.bundle.objects)
    for obj in run.plan.bundle.objects:
        if wish := brought_by(obj, known):
            brought.setdefault(wish, set()).add((obj.api_version, obj.id.kind))

    def wait(step: Step) -> Diagnostic | None:
        return await_operator(run.connection, step.id, brought.get(step.id, ()), began, run.options.timeout)

    _gate(run, wishes, wait)
    run.discovery = discover(run.connection)
    if run.failed.intersection(brought) and not run.options.wait and (note := simulated_nodes(run.connection)):
        run.diagnostics.append(note)


def _may_start(run: _Run, step: Step) -> bool:
    """Whether nothing stands in the way of an object: its own plan, its namespace, its definition."""
    if step.blocked or not run.options.taking.lets_write(step):
        _fail(run, step, None)
        return False
    missing = next((f for f in run.failed if needs(step, f, run.plan)), None)
    if missing is not None:
        run.waiting.setdefault(missing, []).append(step.id)
        _fail(run, step, None)
        return False
    return True


def _keep(run: _Run, step: Step) -> None:
    """An object that needs no write; its snapshot is renewed only where it is of another wish or object.

    Never because its content differs: that would make what others did to it the recorded state.
    """
    member = run.inventory.members.get(step.id)
    snapshot = member.snapshot if member else None
    if step.live is not None and (
        snapshot is None
        or snapshot.desired != desired_hash(step.object)
        or snapshot.uid != step.live["metadata"]["uid"]
    ):
        run.snapshots[step.id] = take_snapshot(step.object, step.live, run.plan.bundle.name)
    run.unchanged += 1
    run.finished.add(step.id)
    run.progress(step.id, "unchanged")


def _write_all(run: _Run, steps: Sequence[Step]) -> None:
    """Write objects that do not need each other, several at a time."""
    if not steps:
        return
    writer = Writer(run.connection, run.plan.bundle.name, run.options.timeout, run.options.taking)
    threads = ThreadPoolExecutor(POOL_SIZE)
    jobs = {threads.submit(_write_one, run, writer, step): step for step in steps}
    try:
        for job in as_completed(jobs):
            _enter(run, jobs[job], job)
    finally:
        # After Ctrl-C: what is under way is finished and recorded, what is not is not begun.
        writer.stop.set()
        threads.shutdown(wait=True, cancel_futures=True)
        for job, step in jobs.items():
            _enter(run, step, job)
    _raise_first(jobs)


def _write_one(run: _Run, writer: Writer, step: Step) -> Written:
    resource = run.discovery.find(step.object.api_version, step.id.kind)
    if resource is None:
        text = f"{step.id}: the API server does not serve {step.object.api_version} {step.id.kind}"
        return Written(None, diagnostics=(findings.plain(codes.NOT_SERVED, step.id, text),))
    return writer.replace(step, resource) if step.action is Action.REPLACE else writer.write(step, resource)


def _enter(run: _Run, step: Step, job: Future[Written]) -> None:
    if step.id in run.finished or job.cancelled() or job.exception() is not None:
        return
    written = job.result()
    run.diagnostics += written.diagnostics
    if written.live is None:
        _fail(run, step, None)
        return
    if not written.left:  # else it is not as declared, and nothing may say later that it was
        run.snapshots[step.id] = take_snapshot(step.object, written.live, run.plan.bundle.name)
    action = Action.CREATE if written.created else Action.UPDATE
    if step.action is Action.REPLACE:
        action = Action.REPLACE
    left = {conflict.path for conflict in written.left}
    fields = tuple(field for field in step.fields if not any(field.path[: len(path)] == path for path in left))
    run.changes.append(replace(step.change, action=action, fields=fields, reason=""))
    run.written += 1
    run.finished.add(step.id)
    run.progress(step.id, _DONE[action])


def _raise_first(jobs: Iterable[Future[Any]]) -> None:
    for job in jobs:
        if not job.cancelled() and (error := job.exception()) is not None:
            raise error


def _gate(run: _Run, steps: Iterable[Step], wait: Callable[[Step], Diagnostic | None]) -> None:
    for step in steps:
        if step.id not in run.failed and (late := wait(step)):
            run.failed.add(step.id)
            run.diagnostics.append(late)
            run.progress(step.id, "never came")


def _fail(run: _Run, step: Step | NodeStep, found: Diagnostic | None) -> None:
    if found is not None:
        run.diagnostics.append(found)
    run.failed.add(step.id)
    run.finished.add(step.id)
    run.progress(step.id, "not written")


def _carry_out_nodes(run: _Run, nodes: Iterable[NodeStep]) -> tuple[NodeStep, ...]:
    """Write the nodes; none is left to do."""
    for node in nodes:
        _carry_out_node(run, node)
    return ()


def _carry_out_node(run: _Run, step: NodeStep) -> None:
    if step.blocked or not run.options.taking.lets_write(step):
        _fail(run, step, None)
        return
    if step.action is Action.UNCHANGED:
        run.unchanged += 1
        run.progress(step.id, "unchanged")
    else:
        found = write_node(run.connection, step, run.plan.bundle.name, force=bool(step.conflicts))
        if found:
            _fail(run, step, found)
            return
        run.changes.append(step.change)
        run.written += 1
        run.progress(step.id, "updated")
    run.finished.add(step.id)
    if step.labels or step.ours:
        run.nodes[step.name] = NodeRecord(step.uid, tuple(sorted(step.labels)), step.ours)


def _not_written(run: _Run, why: Diagnostic) -> None:
    """Say once what was not written for one and the same reason."""
    steps: tuple[Step | NodeStep, ...] = (*run.plan.steps, *run.plan.nodes)
    left = [step.id for step in steps if step.id not in run.finished and step.action is not Action.UNCHANGED]
    run.diagnostics.append(replace(why, message=f"{why.message}; {findings.counted(left)} not written"))


def _saved(run: _Run, inventory: Inventory) -> Inventory:
    """Write the record where it says something new; give it as it is in the cluster."""
    if run.inventory.resource_version and inventory.has_same_content(run.inventory):
        return run.inventory
    return write_inventory(run.connection, inventory, run.plan.bundle)


def _record(run: _Run) -> None:
    """Make the record exact: what is rendered, what is left over, and how each object looked afterwards."""
    done = {step.name for step in run.plan.nodes if step.id in run.finished - run.failed}
    result = ApplyResult(run.connection.version, run.snapshots, run.nodes, frozenset(done), _tries(run))
    try:
        run.inventory = _saved(run, exact(run.plan.scope, run.inventory, result))
    except ApiError as error:
        told = {found.code for found in run.diagnostics}
        run.diagnostics += [d for d in _unrecorded(error, run.connection).diagnostics if d.code not in told]
