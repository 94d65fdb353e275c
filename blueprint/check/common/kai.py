"""The input of KAI Scheduler: its queues, and the labels and annotations of workloads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.containers import GPU, pod_metadata
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, mapping

GROUP = "scheduling.run.ai"
SCHEDULER = "kai-scheduler"
QUEUE = "kai.scheduler/queue"
OLD_QUEUE = "runai/queue"
NODE_POOL = "kai.scheduler/node-pool"
"""The label that assigns nodes, queues and workloads to a shard of the scheduler. Without it, it is the default one."""
GPU_FRACTION, GPU_MEMORY, GPU_DEVICES = "gpu-fraction", "gpu-memory", "gpu-fraction-num-devices"
"""Annotations of pods that request fractional GPUs."""
_MPS = "mps"
_SHARES = {re.sub("[^a-z]", "", each): each for each in (GPU_FRACTION, GPU_MEMORY, GPU_DEVICES)}
"""The annotations by their letters, by which misspelt ones are recognized."""


def queues(context: RuleContext) -> Mapping[str, Object]:
    """KAI Scheduler's queues by name. Other schedulers have kinds with the same name."""
    return context.named(GROUP, "Queue")


def parent(queue: Object) -> str:
    """The name of the parent queue, or an empty string."""
    return str(inside(queue.data, "spec", "parentQueue") or "")


def queues_below(context: RuleContext) -> Mapping[str, list[Object]]:
    """The queues of KAI Scheduler by the name of the one above them."""
    return context.once(_by_parent)


def _by_parent(context: RuleContext) -> Mapping[str, list[Object]]:
    found: dict[str, list[Object]] = {}
    for each in queues(context).values():
        found.setdefault(parent(each), []).append(each)
    return found


def queue_label(pod: DescribedPod, key: str = QUEUE) -> tuple[Path, str] | None:
    """The label with the name of the queue. That of the workload takes precedence over that of its pods."""
    above = mapping(inside(pod.subject.data, "metadata", "labels"))
    below = mapping(pod_metadata(pod).get("labels"))
    if isinstance(name := above.get(key), str):
        return ("metadata", "labels", key), name
    if isinstance(name := below.get(key), str):
        return (*pod.path[:-1], "metadata", "labels", key), name
    return None


def share_faults(annotations: Mapping[Any, Any], *, whole: bool) -> Iterator[tuple[str, str, str]]:
    """Errors that KAI's webhook reports for requests of fractional GPUs: the annotation, the error, the solution.

    `whole`: the pod requests whole GPUs. Follows `ValidateGpuRequests` (pkg/binder/plugins/gpusharing, v0.17.0).
    """
    named = [key for key in (GPU_FRACTION, GPU_MEMORY) if key in annotations]
    if named and whole:
        fault = f"is combined with a limit of {GPU}: a pod gets part of a GPU, or whole GPUs"
        yield named[0], fault, f"remove the limit of {GPU}, or the annotation"
    if len(named) > 1:
        fault = f"is combined with {GPU_MEMORY}: both set the share of the GPU"
        yield GPU_FRACTION, fault, f"remove {GPU_MEMORY}, or {GPU_FRACTION}"
    if GPU_FRACTION in named and not _is_part(annotations[GPU_FRACTION]):
        fault = f"is {annotations[GPU_FRACTION]}, which is not between 0 and 1"
        yield GPU_FRACTION, fault, f'use "0.5" for half a GPU; for whole GPUs, set a limit of {GPU}'
    for key, unit in ((GPU_MEMORY, "MiB"), (GPU_DEVICES, "GPUs")):
        if key in annotations and not re.fullmatch(r"0*[1-9][0-9]*", str(annotations[key])):
            yield key, f"is {annotations[key]}, which is not a whole number of {unit}", 'use a number such as "2000"'
    for key in (GPU_DEVICES, _MPS):
        if not named and annotations.get(key) not in (None, "false"):
            yield key, f"needs {GPU_FRACTION} or {GPU_MEMORY}", f"set {GPU_FRACTION} or {GPU_MEMORY}, or remove it"


def misspelt_shares(annotations: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """Annotations that KAI ignores, but that differ from those of a share only in punctuation or by a prefix."""
    for key in map(str, annotations):
        right = _SHARES.get(re.sub("[^a-z]", "", key.rpartition("/")[2].lower()))
        if right and key != right and right not in annotations:
            yield key, right


def _is_part(value: object) -> bool:
    try:
        return 0 < float(str(value)) < 1
    except ValueError:
        return False
