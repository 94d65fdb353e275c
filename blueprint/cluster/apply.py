"""Applies a plan: writes what differs, in order, records it, and reports the result for every object.

The inventory is extended before the first write and made exact after the last one, so that a run that is killed at any
moment leaves nothing unknown to the next run. Objects that are proven unchanged are not written at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from blueprint.apiserver.codes import SERVER_FAILING
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import discover
from blueprint.apiserver.errors import ApiError
from blueprint.changes.compare import Action, ObjectChange
from blueprint.cluster import codes
from blueprint.cluster.consent import Consent, reported_when_taken, with_replacements
from blueprint.cluster.events import ApplyStatus, Event, Listener
from blueprint.cluster.executor import Results, Task, TaskContext, TaskList, execute
from blueprint.cluster.olm import is_subscription
from blueprint.cluster.plan_model import NodeStep, Plan, Step
from blueprint.cluster.tasks import (
    RecordResult,
    WaitForDefinitions,
    WaitForHealth,
    WaitForNamespaces,
    WaitForOperators,
    WidenInventory,
    WriteNodes,
    WriteObjects,
    unrecorded,
)
from blueprint.diagnostics import Diagnostic, Refused, Severity
from blueprint.inventory.model import Inventory
from blueprint.kubernetes.stages import Stage, follows_peers, stage_of
from blueprint.records import Record

_BLIND = 2


class ApplyOptions(Record):
    """How to apply. `timeout` is in seconds, for each object and each wait.

    `force_conflicts` allows taking over contested fields, `replace` recreating objects: for everything, or for what is
    named.
    """

    timeout: float = 60.0
    force_conflicts: Consent | bool = False
    wait: bool = False
    replace: Consent | bool = False

    @property
    def taking(self) -> Consent:
        """The consent to take over contested fields."""
        return Consent.of(self.force_conflicts)

    @property
    def replacing(self) -> Consent:
        """The consent to delete and recreate objects."""
        return Consent.of(self.replace)


class ApplyOutcome(Record):
    """The result of an apply. `changes` contains objects that were written, or failed to be; `written` counts the
    former.
    """

    changes: tuple[ObjectChange, ...]
    diagnostics: tuple[Diagnostic, ...]
    written: int
    unchanged: int
    unknown: int
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """130 if interrupted, 1 with an error, 3 if something is unknown, otherwise 0."""
        if self.interrupted:
            return 130
        if any(d.severity is Severity.ERROR for d in self.diagnostics):
            return 1
        return 3 if self.unknown else 0


def _ignore(_event: Event) -> None:
    """Ignore the event."""


def apply_plan(plan: Plan, connection: Connection, options: ApplyOptions, listener: Listener = _ignore) -> ApplyOutcome:
    """Apply the plan, as far as the cluster accepts it.

    Raises:
        Refused: nothing could be examined, the inventory cannot be written, or the server failed before the first
            write.
    """
    steps: tuple[Step | NodeStep, ...] = (*plan.steps, *plan.nodes)
    if plan.exit_code == _BLIND and all(step.blocked for step in steps):
        raise Refused(*plan.diagnostics, exit_code=_BLIND)
    plan = with_replacements(plan, options.replacing)
    try:
        inventory = plan.inventory or Inventory(plan.bundle.name)
        found = Results(diagnostics=_still_true(plan, options.taking))
        context = TaskContext(connection, options.timeout, listener, discover(connection), inventory, found)
        results = execute(apply_tasks(plan, options), context)
    except ApiError as error:
        raise unrecorded(error, connection) from None
    return _outcome(plan, results)


def apply_tasks(plan: Plan, options: ApplyOptions) -> TaskList:
    """All tasks of an apply."""
    steps: tuple[Step | NodeStep, ...] = (*plan.steps, *plan.nodes)
    due = [step for step in steps if step.action is not Action.UNCHANGED]
    # Only approved changes count.
    attempts = any(options.taking.lets_write(step) for step in due if not step.blocked)
    return TaskList(
        prepare=[WidenInventory(plan)] if attempts else [],
        work=list(_work(plan, options)),
        finish=[RecordResult(plan, attempts)],
        subjects=[step.id for step in due],
    )


def _work(plan: Plan, options: ApplyOptions) -> Iterator[Task]:
    """All stages, the nodes, and the wait for health."""
    name, consent = plan.bundle.name, options.taking
    fresh, known = (tuple(node for node in plan.nodes if node.fresh is way) for way in (True, False))
    in_stages = sorted(plan.steps, key=lambda step: stage_of(step.id))
    for stage, steps in itertools.groupby(in_stages, lambda step: stage_of(step.id)):
        if (
            stage >= Stage.WORKLOADS and fresh
        ):  # Marks such as gpu.deploy.driver=false must exist before their readers do.
            yield WriteNodes(name, fresh, consent)
            fresh = ()
        yield from _stage(plan, options, stage, list(steps))
    if fresh or known:  # Marks that refer to a configuration are written after the component that reads it.
        yield WriteNodes(name, (*fresh, *known), consent)
    if options.wait:
        yield WaitForHealth(plan.bundle.objects, plan.bundle.release)


def _stage(plan: Plan, options: ApplyOptions, stage: Stage, steps: list[Step]) -> Iterator[Task]:
    """Write one stage, with objects that follow their peers last, and wait for what later stages need."""
    later = [step for step in steps if step.action is not Action.UNCHANGED and follows_peers(step.object)]
    first = [step for step in steps if step not in later]
    title = stage.name.lower()
    yield WriteObjects(plan, first, options.taking, f"write {title}")
    if later:
        yield WriteObjects(plan, later, options.taking, f"write {title} that follow others")
    if stage is Stage.NAMESPACES:
        yield WaitForNamespaces(first)
    if stage is Stage.DEFINITIONS:
        yield WaitForDefinitions(first)
    if stage is Stage.OPERATORS:
        subscriptions = [step for step in first if is_subscription(step.id)]
        yield WaitForOperators(subscriptions, plan.bundle.objects, health_follows=options.wait)


def _still_true(plan: Plan, taking: Consent) -> list[Diagnostic]:
    """Findings of the plan that the write does not report again."""
    taken = reported_when_taken(plan, taking)
    return [found for found in plan.diagnostics if found not in taken and not _is_superseded(found)]


def _is_superseded(found: Diagnostic) -> bool:
    """Whether the result of the write replaces this finding of the plan."""
    if found.code is SERVER_FAILING:
        return True
    return found.code is codes.TERMINATING and found.severity is Severity.WARNING


def _outcome(plan: Plan, results: Results) -> ApplyOutcome:
    unknown = len(plan.hidden) + bool(plan.unread) + sum(s.blocked and s.action is Action.UNKNOWN for s in plan.steps)
    unknown += sum(found.code is codes.HEALTH_UNKNOWN for found in results.diagnostics)
    order = {change.id: place for place, change in enumerate(plan.changes)}
    return ApplyOutcome(
        changes=tuple(sorted(results.changes, key=lambda change: order[change.id])),
        diagnostics=tuple(results.diagnostics),
        written=results.count(ApplyStatus.CREATED, ApplyStatus.UPDATED, ApplyStatus.REPLACED),
        unchanged=results.count(ApplyStatus.UNCHANGED),
        unknown=unknown,
        interrupted=results.interrupted,
    )
