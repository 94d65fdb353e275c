"""Runs a list of tasks against a cluster and emits an event for everything that happens.

An apply is one list of tasks; every other writing operation is another. The caller always gets a result, even if the
user interrupts or the server fails: running tasks are completed and recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from blueprint.apiserver.connect import refused
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Discovery
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import ObjectChange
from blueprint.cluster import codes, findings
from blueprint.cluster.events import (
    ApplyEvent,
    ApplyStatus,
    DiagnosticEvent,
    ErrorEvent,
    Event,
    InitEvent,
    Listener,
    TaskEvent,
    TaskStatus,
    WaitEvent,
    WaitStatus,
)
from blueprint.diagnostics import Diagnostic
from blueprint.inventory.model import Inventory, NodeRecord, Snapshot
from blueprint.records import MutableRecord, Record, field, replace


class Results(MutableRecord):
    """The intermediate result of a run, computed from its events."""

    applied: dict[ObjectId, ApplyEvent] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    failed: set[ObjectId] = field(default_factory=set)
    """Objects that could not be written, or never became ready: objects that need them cannot be written."""
    interrupted: bool = False

    def add(self, event: Event) -> None:
        """Process an event."""
        match event:
            case ApplyEvent():
                self.applied[event.id] = event
                if event.status is ApplyStatus.NOT_WRITTEN:
                    self.failed.add(event.id)
            case WaitEvent(status=WaitStatus.TIMED_OUT):
                self.failed.add(event.id)
            case DiagnosticEvent():
                self.diagnostics.append(event.diagnostic)
            case ErrorEvent():
                self.diagnostics.append(event.diagnostic)
                self.interrupted = event.interrupted

    @property
    def changes(self) -> list[ObjectChange]:
        """The changes that were written."""
        return [event.change for event in self.applied.values() if event.change is not None]

    def count(self, *statuses: ApplyStatus) -> int:
        """The number of objects with one of these results."""
        return sum(event.status in statuses for event in self.applied.values())


class TaskContext(MutableRecord):
    """The state shared by the tasks of a run.

    Attributes:
        connection: The cluster.
        timeout: The timeout in seconds, for each object and each wait.
        listener: Receives every event.
        discovery: What the server serves; updated by tasks that add new kinds.
        inventory: The inventory in the cluster.
        results: The intermediate result of the run.
        snapshots: Snapshots of the objects that were written, or whose snapshot must be updated.
        nodes: The state of the nodes that were written.
        unmet: Objects that were not written, by the object that they need.
    """

    connection: Connection
    timeout: float
    listener: Listener
    discovery: Discovery
    inventory: Inventory
    results: Results = field(default_factory=Results)
    snapshots: dict[ObjectId, Snapshot] = field(default_factory=dict)
    nodes: dict[str, NodeRecord] = field(default_factory=dict)
    unmet: dict[ObjectId, list[ObjectId]] = field(default_factory=dict)

    def emit(self, event: Event) -> None:
        """Process an event and forward it."""
        self.results.add(event)
        self.listener(event)

    def report(self, *diagnostics: Diagnostic) -> None:
        """Emit diagnostics."""
        for diagnostic in diagnostics:
            self.emit(DiagnosticEvent(diagnostic))


class Task(Protocol):
    """One step of a run."""

    @property
    def name(self) -> str:
        """A short description of the task."""

    def run(self, context: TaskContext) -> None:
        """Run the task. Failures of single objects are events; ApiError ends the run."""


class TaskList(Record):
    """All tasks of a run, in order.

    Attributes:
        prepare: Run before anything is written. Errors leave nothing to record, and are raised.
        work: Stops early if the user interrupts or the server is unavailable.
        finish: Runs in any case.
        subjects: All objects that the work writes.
    """

    prepare: Sequence[Task]
    work: Sequence[Task]
    finish: Sequence[Task]
    subjects: Sequence[ObjectId]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tasks."""
        return tuple(task.name for task in (*self.prepare, *self.work, *self.finish))


def execute(tasks: TaskList, context: TaskContext) -> Results:
    """Run all tasks, and return their results.

    Raises:
        Refused, ApiError: from the tasks in `prepare`.
    """
    context.emit(InitEvent(tasks.names))
    _run(tasks.prepare, context)
    try:
        _run(tasks.work, context)
    except KeyboardInterrupt:
        reason = Diagnostic(codes.NOT_WRITTEN, "the run was interrupted")
        context.emit(ErrorEvent(_with_rest(reason, tasks, context.results), interrupted=True))
    except ApiError as error:
        [reason] = refused(error, context.connection).diagnostics
        context.emit(ErrorEvent(_with_rest(reason, tasks, context.results), interrupted=False))
    _run(tasks.finish, context)
    return context.results


def _with_rest(reason: Diagnostic, tasks: TaskList, results: Results) -> Diagnostic:
    """The reason, extended by the number of objects that were not written because of it."""
    left = [subject for subject in tasks.subjects if subject not in results.applied]
    return replace(reason, message=f"{reason.message}; {findings.counted(left)} not written")


def _run(tasks: Sequence[Task], context: TaskContext) -> None:
    for task in tasks:
        context.emit(TaskEvent(task.name, TaskStatus.STARTED))
        task.run(context)
        context.emit(TaskEvent(task.name, TaskStatus.FINISHED))
