"""Matches workloads with queueing engines: KAI places only workloads that select it, and only they run on its pools."""

from __future__ import annotations

from blueprint.admission.model import Fit, PoolAnswer
from blueprint.check.common.containers import pod_metadata
from blueprint.check.common.kai import QUEUE, SCHEDULER, queue_label
from blueprint.check.rule_context import DescribedPod, inside, mapping
from blueprint.platform.queueing.engines import SHARD_LABEL
from blueprint.platform.queueing.kai import queue_name
from blueprint.records import replace


def of_engine(
    answer: PoolAnswer, pod: DescribedPod, *, waits_for_kai: bool, tenant: str | None, gang: int
) -> PoolAnswer:
    """The answer for a pool if the workload is meant for the pool's engine; otherwise the reason why it does not run
    there.

    `waits_for_kai`: the pool belongs to KAI, which starts `gang` pods of the set together. Labels are checked only in
    tenant namespaces.
    """
    mine = pod.spec.get("schedulerName") == SCHEDULER
    if not waits_for_kai:
        return _refused(answer, f"KAI does not schedule pods on pool {answer.pool}") if mine else answer
    if tenant is None:
        return replace(answer, gang=gang)
    queue = queue_name(tenant, answer.pool)
    wanted = f"the labels {SHARD_LABEL}: {answer.pool} and {QUEUE}: {queue}"
    if not mine:
        return _refused(answer, f"pool {answer.pool} belongs to KAI: set schedulerName: {SCHEDULER} and {wanted}")
    found = queue_label(pod)
    if shard_of(pod) != answer.pool or found is None or found[1] != queue:
        return _refused(answer, f"the workload is for another pool or queue: set {wanted}")
    return replace(answer, gang=gang)


def shard_of(pod: DescribedPod) -> str | None:
    """The KAI shard that a workload selects. Its own label takes precedence over those of its pods."""
    above = mapping(inside(pod.subject.data, "metadata", "labels")).get(SHARD_LABEL)
    return above or mapping(pod_metadata(pod).get("labels")).get(SHARD_LABEL)


def _refused(answer: PoolAnswer, reason: str) -> PoolAnswer:
    return replace(answer, fit=Fit.NO, at_once=0, reasons=(reason,))
