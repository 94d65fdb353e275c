"""Events of a run against a cluster, in chronological order.

Progress displays listen to them, and the result of a run is computed from them. Each has a JSON form.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import ObjectChange
from blueprint.diagnostics import Diagnostic
from blueprint.records import Record


class ApplyStatus(enum.StrEnum):
    """The result for one object."""

    CREATED = "created"
    UPDATED = "updated"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    NOT_WRITTEN = "not written"


class WaitStatus(enum.StrEnum):
    """The result of waiting for one object."""

    READY = "ready"
    TIMED_OUT = "timed out"


class TaskStatus(enum.StrEnum):
    """The state of a task."""

    STARTED = "started"
    FINISHED = "finished"


class InitEvent(Record):
    """The run starts; `tasks` are the names of all its tasks, in order."""

    tasks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"type": "init", "tasks": list(self.tasks)}


class TaskEvent(Record):
    """A task starts, or has ended."""

    task: str
    status: TaskStatus

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"type": "task", "task": self.task, "status": self.status.value}


class ApplyEvent(Record):
    """An object was written, did not need to be, or could not be. `change` is what was written."""

    id: ObjectId
    status: ApplyStatus
    change: ObjectChange | None = None

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"type": "apply", "object": _object(self.id), "status": self.status.value}


class WaitEvent(Record):
    """Waiting for an object has ended."""

    id: ObjectId
    status: WaitStatus

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"type": "wait", "object": _object(self.id), "status": self.status.value}


class RecordEvent(Record):
    """The inventory in the cluster is up to date, at this resourceVersion; `written` is whether it had to change."""

    resource_version: str
    written: bool

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"type": "record", "resourceVersion": self.resource_version, "written": self.written}


class DiagnosticEvent(Record):
    """A finding during the run."""

    diagnostic: Diagnostic

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"type": "diagnostic", **_diagnostic(self.diagnostic)}


class ErrorEvent(Record):
    """The run ended before all of its tasks: it was interrupted, or the server is unavailable."""

    diagnostic: Diagnostic
    interrupted: bool

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"type": "error", "interrupted": self.interrupted, **_diagnostic(self.diagnostic)}


Event = InitEvent | TaskEvent | ApplyEvent | WaitEvent | RecordEvent | DiagnosticEvent | ErrorEvent
Listener = Callable[[Event], None]
"""Called with every event as it happens, from one thread."""


def _object(identity: ObjectId) -> dict[str, str]:
    return {
        "group": identity.group,
        "kind": identity.kind,
        "namespace": identity.namespace,
        "name": identity.name,
    }


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code.id,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "subject": diagnostic.subject,
    }
