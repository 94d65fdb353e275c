"""What KAI Scheduler reads: its queues, and the labels of workloads."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.bundle.model import Object, Path
from blueprint.check.common.containers import pod_metadata
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, mapping

GROUP = "scheduling.run.ai"
SCHEDULER = "kai-scheduler"
QUEUE = "kai.scheduler/queue"
OLD_QUEUE = "runai/queue"


def queues(context: RuleContext) -> Mapping[str, Object]:
    """The queues of KAI Scheduler by name; other schedulers have kinds of the same name."""
    return context.named(GROUP, "Queue")


def parent(queue: Object) -> str:
    """The queue above, or nothing."""
    return str(inside(queue.data, "spec", "parentQueue") or "")


def queue_label(pod: DescribedPod, key: str = QUEUE) -> tuple[Path, str] | None:
    """The label that names the queue: that of the workload comes before that of its pods."""
    above = mapping(inside(pod.subject.data, "metadata", "labels"))
    below = mapping(pod_metadata(pod).get("labels"))
    if isinstance(name := above.get(key), str):
        return ("metadata", "labels", key), name
    if isinstance(name := below.get(key), str):
        return (*pod.path[:-1], "metadata", "labels", key), name
    return None
