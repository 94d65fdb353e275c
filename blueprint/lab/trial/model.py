"""The model of a trial: workloads, the result for each, and the differences from a real cluster."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from blueprint.bundle.model import Object
from blueprint.diagnostics import Diagnostic, Note
from blueprint.lab.trial.decisions import QueueDecision
from blueprint.records import Record, field, replace

EXPECT = "gpublueprint.dev/expect"
"""Annotation of a workload: `unschedulable` if it is expected not to be scheduled."""
UNSCHEDULABLE = "unschedulable"


class WorkloadOutcome(enum.StrEnum):
    """The result for a workload."""

    PLACED = "placed"
    NOT_PLACED = "not placed"
    WAITS = "waits"  # for quota: its queue does not admit it
    REFUSED = "refused"  # by the API server: the object itself, or the pods of its controller
    UNDECIDED = "undecided"


class Workload(Record):
    """An object that is a pod, or creates pods.

    Attributes:
        object: The object.
        run: What is followed in its place: the Job of a CronJob, whose schedule may be far in the future; the pods of a
            kind without a controller in a lab.
        beside: Objects that its pods also need, such as a claim template.
        stood_in: Whether its pods are created from its templates, because no controller creates them.
    """

    object: Object
    run: tuple[Object, ...] = ()
    beside: tuple[Object, ...] = ()
    stood_in: bool = False

    @property
    def followed(self) -> tuple[Object, ...]:
        """The objects whose pods are observed."""
        return self.run or (self.object,)

    @property
    def must_fit(self) -> bool:
        """Whether all of its pods should be scheduled."""
        annotations = self.object.data["metadata"].get("annotations") or {}
        return annotations.get(EXPECT) != UNSCHEDULABLE


class Placement(Record):
    """The result for a workload.

    Attributes:
        workload: The workload.
        outcome: The outcome.
        requests: The request of each of its pods, in words.
        pods: The desired number of pods.
        nodes: The number of pods on each node.
        finding: Why it is not as expected, or why it does not fit.
        decision: The decision of its queue; None without a real queue.
        disagreement: A different prediction by `admit`.
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
        """Equal for workloads about which a queue makes the same decision."""
        obj = self.workload.object
        return obj.id.kind, obj.id.namespace, repr(obj.data.get("spec"))

    def beside_others(self, disagreement: Diagnostic | None) -> Placement:
        """The placement, extended after a separate trial by a disagreement with `admit`, or by the fact that others
        make it wait.
        """
        if disagreement or self.finding is None:
            return replace(self, disagreement=disagreement)
        alone = Note("on its own it is admitted: the other submitted workloads use the quota")
        return replace(self, finding=replace(self.finding, notes=(*self.finding.notes, alone)))

    @property
    def placed(self) -> int:
        """The number of scheduled pods."""
        return sum(self.nodes.values())

    @property
    def expected(self) -> bool:
        """Whether it is as expected; undecided workloads are not."""
        wanted = (
            (WorkloadOutcome.PLACED,)
            if self.workload.must_fit
            else (WorkloadOutcome.NOT_PLACED, WorkloadOutcome.REFUSED, WorkloadOutcome.WAITS)
        )
        return self.outcome in wanted


class Omission(Record):
    """Something of the platform that a lab lacks or has in another form, and why."""

    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what} ({self.reason})"


class TrialResult(Record):
    """The result of a trial.

    `findings` are those that do not belong to placements, `engines` the versions of the queueing engines that ran.
    """

    placements: tuple[Placement, ...]
    nodes: Mapping[str, tuple[int, int]]
    left_out: tuple[Omission, ...]
    findings: tuple[Diagnostic, ...]
    engines: Mapping[str, str] = MappingProxyType({})
