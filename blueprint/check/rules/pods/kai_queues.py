"""References of workloads to KAI Scheduler's queues."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.common.kai import NODE_POOL, OLD_QUEUE, QUEUE, SCHEDULER, queue_label, queues, queues_below
from blueprint.check.common.named_objects import missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path
from blueprint.wording import first_few

KAI_QUEUE_MISSING = define("BP6560", "kai-queue-missing", page=__file__, severity=Severity.WARNING)
KAI_NOT_USED = define("BP6561", "kai-scheduler-not-used", page=__file__, severity=Severity.WARNING)
_MOST_LISTED = 24
_SET_BY_OPERATORS = ("ray.io", "grove.io")
"""Groups whose operators set the scheduler in the pods that they create."""


@rule(KAI_QUEUE_MISSING, tags=("kai", "references"))
def kai_queue_missing(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Workloads for a queue that does not exist, or that has child queues."""
    label, there = queue_label(pod), queues(context)
    if label is None:
        return
    path, name = label
    field = format_path(path, pod.subject.data)
    if found := missing(KAI_QUEUE_MISSING, path, name, there, f"{field}: there is no Queue {name}", context):
        yield found
    if below := queues_below(context).get(name):
        listed = first_few(sorted(each.id.name for each in below), _MOST_LISTED)
        text = f"{field}: the Queue {name} has child queues, so it accepts no workloads"
        yield ObjectFinding(KAI_QUEUE_MISSING, path, text, f"use one of {listed}", Severity.ERROR)
    if (queue := there.get(name)) is not None:
        yield from _other_shard(pod, path, queue)


def _other_shard(pod: DescribedPod, path: Path, queue: Object) -> Iterator[ObjectFinding]:
    """A queue that the scheduler of the workload does not see: each shard reads the queues with its own label.

    The workload takes its shard from its own label or that of the pod (KAI Scheduler v0.17.0,
    docs/operator/scheduling-shards.md).
    """
    shard = inside(queue.data, "metadata", "labels", NODE_POOL)
    mine = queue_label(pod, NODE_POOL)
    if shard != (mine and mine[1]):
        at = mine[0] if mine else path
        has = f"has {NODE_POOL}: {shard}" if shard else f"has no label {NODE_POOL}"
        text = f"{format_path(at, pod.subject.data)}: the Queue {queue.id.name} {has}, unlike the workload"
        help_ = f"add the label {NODE_POOL}: {shard} to the workload" if shard else f"remove the label {NODE_POOL}"
        yield ObjectFinding(KAI_QUEUE_MISSING, at, text, help_)


@rule(KAI_NOT_USED, tags=("kai",))
def kai_not_used(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels for KAI Scheduler on pods of another scheduler, and the label of its first versions."""
    scheduler = pod.spec.get("schedulerName") or "default-scheduler"
    current, old = queue_label(pod), queue_label(pod, OLD_QUEUE)
    if current and scheduler == "default-scheduler" and pod.subject.id.group not in _SET_BY_OPERATORS:
        text = f"{format_path(current[0], pod.subject.data)}: the pods use the default scheduler, which ignores it"
        yield ObjectFinding(KAI_NOT_USED, current[0], text, f"schedulerName: {SCHEDULER}")
    if old and not current and scheduler == SCHEDULER:
        text = f"{format_path(old[0], pod.subject.data)}: KAI Scheduler reads {QUEUE} instead since v0.6"
        yield ObjectFinding(KAI_NOT_USED, old[0], text, f"rename the label to {QUEUE}")


RULES = (kai_queue_missing, kai_not_used)
