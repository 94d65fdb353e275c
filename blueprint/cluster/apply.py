"""Apply a plan: write what differs, in order, record it, and say what became of every object.

The inventory is widened before the first write and made exact after the last, so a run that is killed at any
moment leaves nothing behind that the next run does not know. What is proven clean is not written at all.
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


class ApplyOutcome(Record):
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


def _ignore(_event: Event) -> None:
    """Listen to nothing."""


def apply_plan(plan: Plan, connection: Connection, options: ApplyOptions, listener: Listener = _ignore) -> ApplyOutcome:
    """Make the cluster what the plan says, as far as it lets us.

    Raises:
        Refused: nothing could be looked at, the record cannot be written, or the server is gone before anything was.
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
    """Everything that an apply does."""
    steps: tuple[Step | NodeStep, ...] = (*plan.steps, *plan.nodes)
    due = [step for step in steps if step.action is not Action.UNCHANGED]
    # What nobody approved does not count.
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
        ):  # marks such as gpu.deploy.driver=false must be there before who reads them
            yield WriteNodes(name, fresh, consent)
            fresh = ()
        yield from _stage(plan, options, stage, list(steps))
    if fresh or known:  # marks that name a configuration follow what knows it
        yield WriteNodes(name, (*fresh, *known), consent)
    if options.wait:
        yield WaitForHealth(plan.bundle.objects, plan.bundle.release)


def _stage(plan: Plan, options: ApplyOptions, stage: Stage, steps: list[Step]) -> Iterator[Task]:
    """Write one stage, what follows its peers after them, and wait for what later stages need of it."""
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
    """What the plan found and the write does not report again."""
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
