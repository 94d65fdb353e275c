"""What a trial is made of: workloads, what became of each, and what of a real cluster was not there."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from blueprint.bundle.model import Object
from blueprint.diagnostics import Diagnostic, Note
from blueprint.lab.trial.decisions import QueueDecision
from blueprint.records import Record, field, replace

EXPECT = "gpublueprint.dev/expect"
"""Annotation of a workload: `unschedulable` where it must find no place."""
UNSCHEDULABLE = "unschedulable"


class WorkloadOutcome(enum.StrEnum):
    """What became of a workload."""

    PLACED = "placed"
    NOT_PLACED = "not placed"
    WAITS = "waits"  # for quota: its queue does not admit it
    REFUSED = "refused"  # by the API server: it, or the pods that its controller wanted to make
    UNDECIDED = "undecided"


class Workload(Record):
    """An object that is, or brings, pods.

    Attributes:
        object: The object.
        run: What is followed in its place: the Job of a CronJob, whose hour may be far; the pods of a kind that has no
            controller in a lab.
        beside: What its pods need beside it, such as the template of a claim.
        stood_in: Whether its pods are made of its templates, since no controller makes them.
    """

    object: Object
    run: tuple[Object, ...] = ()
    beside: tuple[Object, ...] = ()
    stood_in: bool = False

    @property
    def followed(self) -> tuple[Object, ...]:
        """The objects whose pods are looked for."""
        return self.run or (self.object,)

    @property
    def must_fit(self) -> bool:
        """Whether all of its pods should find a place."""
        annotations = self.object.data["metadata"].get("annotations") or {}
        return annotations.get(EXPECT) != UNSCHEDULABLE


class Placement(Record):
    """What became of a workload.

    Attributes:
        workload: The workload.
        outcome: In a word.
        requests: What each of its pods asks for, in words.
        pods: How many there are to be.
        nodes: How many of them are on each node.
        finding: Why it is not as expected, or why it does not fit.
        decision: What its queue has decided; None where no real queue was at work.
        disagreement: That `admit` says otherwise.
    """

    workload: Workload
    outcome: WorkloadOutcome
    requests: str
    pods: int
    nodes: Mapping[str, int] = field(default_factory=dict)
    finding: Diagnostic | None = None
    decision: QueueDecision | None = None
    disagreement: Diagnostic | None = None

    @property
    def shape(self) -> tuple[str, str, str]:
        """Equal for workloads about which a queue decides the same."""
        obj = self.workload.object
        return obj.id.kind, obj.id.namespace, repr(obj.data.get("spec"))

    def beside_others(self, disagreement: Diagnostic | None) -> Placement:
        """That it was tried alone, too: what `admit` says otherwise, or that others keep it waiting."""
        if disagreement or self.finding is None:
            return replace(self, disagreement=disagreement)
        alone = Note("alone it is admitted: what was submitted beside it uses the quota")
        return replace(self, finding=replace(self.finding, notes=(*self.finding.notes, alone)))

    @property
    def placed(self) -> int:
        """How many pods have a place."""
        return sum(self.nodes.values())

    @property
    def expected(self) -> bool:
        """Whether it is as it should be; what is undecided is not."""
        wanted = (
            (WorkloadOutcome.PLACED,)
            if self.workload.must_fit
            else (WorkloadOutcome.NOT_PLACED, WorkloadOutcome.REFUSED, WorkloadOutcome.WAITS)
        )
        return self.outcome in wanted


class Omission(Record):
    """Something of the platform that a lab does not have, or has in another way, and why."""

    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what} ({self.reason})"


class TrialResult(Record):
    """Everything that a trial came to.

    `findings` are those beside the placements' own, `engines` the versions of the engines of queues that ran.
    """

    placements: tuple[Placement, ...]
    nodes: Mapping[str, tuple[int, int]]
    left_out: tuple[Omission, ...]
    findings: tuple[Diagnostic, ...]
    engines: Mapping[str, str] = MappingProxyType({})
