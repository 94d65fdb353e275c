"""Pods for KAI Scheduler, and pods in virtual machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.common.containers import GPU, limit, pod_metadata
from blueprint.check.common.device_plugins import OF_HAMI, is_decided_here
from blueprint.check.common.kai import GPU_FRACTION as GPU_FRACTION_KEY
from blueprint.check.common.kai import GPU_MEMORY as GPU_MEMORY_KEY
from blueprint.check.common.kai import SCHEDULER, misspelt_shares, share_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.node_demands import may_run
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

GPU_FRACTION = define("BP6529", "gpu-fraction", page=__file__, severity=Severity.WARNING)
WHOLE_GPU_IN_KATA = define("BP6530", "container-gpu-in-a-machine", page=__file__, severity=Severity.WARNING)
PLACED_BEFORE_HAMI = define("BP6630", "node-chosen-before-hami", page=__file__)


@rule(PLACED_BEFORE_HAMI, tags=("scheduling", "sharing"))
def placed_before_hami(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Parts of GPUs that only HAMi's scheduler gives, in a pod that passes no scheduler."""
    if not pod.spec.get("nodeName"):
        return
    limits = (mapping(mapping(container.get("resources")).get("limits")) for _, container in pod.containers)
    name = next((str(key) for each in limits for key in each if OF_HAMI.fullmatch(str(key))), None)
    if name:
        path: Path = (*pod.path, "nodeName")
        text = f"{format_path(path, pod.subject.data)}: the pod passes no scheduler, but HAMi's assigns its {name}"
        help_ = "remove nodeName; select the node by nodeSelector: {kubernetes.io/hostname: ...}"
        yield ObjectFinding(PLACED_BEFORE_HAMI, path, text, help_)


@rule(GPU_FRACTION, tags=("scheduling", "kai"))
def gpu_fraction(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Fractional GPU requests that KAI Scheduler's admission webhook rejects."""
    if pod.spec.get("schedulerName") != SCHEDULER:
        return
    annotations = mapping(pod_metadata(pod).get("annotations"))
    whole = any(limit(container, GPU) for _, container in pod.containers)
    for key, fault, help_ in share_faults(annotations, whole=whole):
        at: Path = (*pod.path[:-1], "metadata", "annotations", key)
        yield ObjectFinding(GPU_FRACTION, at, f"{format_path(at, pod.subject.data)} {fault}", help_)
    yield from _never_scheduled(pod, annotations, context)
    for key, name in misspelt_shares(annotations):
        at = (*pod.path[:-1], "metadata", "annotations", key)
        text = f"{format_path(at, pod.subject.data)} is not read by KAI Scheduler"
        yield ObjectFinding(GPU_FRACTION, at, text, f"the annotation is {name}")


def _never_scheduled(
    pod: DescribedPod, annotations: Mapping[Any, Any], context: RuleContext
) -> Iterator[ObjectFinding]:
    """Shares that KAI Scheduler gives on none of the nodes on which the pod can run.

    On nodes with MIG it admits only whole GPUs or MIG devices (v0.17.0, pkg/scheduler/api/node_info/node_info.go). It
    divides memory by a label that GPU feature discovery does not set for unified memory (KAI-Scheduler#706).
    """
    key = next((each for each in (GPU_FRACTION_KEY, GPU_MEMORY_KEY) if each in annotations), None)
    able = [pool for pool in context.pools if may_run(pod, pool, context.pools)] if key else []
    if not key or not able:
        return
    at: Path = (*pod.path[:-1], "metadata", "annotations", key)
    field, names = format_path(at, pod.subject.data), ", ".join(pool.name for pool in able)
    if all(pool.mig_strategy for pool in able):
        text = f"{field}: KAI Scheduler gives no parts of GPUs on nodes with MIG, as in {names}"
        yield ObjectFinding(GPU_FRACTION, at, text, "set a limit of a MIG resource instead")
    elif key == GPU_MEMORY_KEY and all(pool.unified_memory for pool in able):
        text = f"{field}: the nodes of {names} have no label nvidia.com/gpu.memory, because the GPU uses the machine's"
        yield ObjectFinding(GPU_FRACTION, at, text, f'{GPU_FRACTION_KEY}: "0.5"')


@rule(WHOLE_GPU_IN_KATA, tags=("gpu-access", "kata"))
def whole_gpu_in_kata(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPUs for containers in pods that run in a virtual machine."""
    name = pod.spec.get("runtimeClassName")
    if not isinstance(name, str) or not name.startswith("kata-"):
        return
    for path, container in pod.containers:
        if limit(container, GPU) and not _found_by_pools(context):
            at = (*path, "resources", "limits", GPU)
            text = f"{format_path(at, pod.subject.data)}: the RuntimeClass {name} runs the pod in a virtual machine"
            help_ = "request nvidia.com/pgpu, or the name in P_GPU_ALIAS of the Kata device plugin"
            yield ObjectFinding(WHOLE_GPU_IN_KATA, at, text, help_)


def _found_by_pools(context: RuleContext) -> bool:
    """Whether no pool offers the resource, which is then reported as not offered."""
    pools = context.counted_pools
    return bool(pools) and is_decided_here(context) and not any(GPU in pool.offers for pool in pools)


RULES = (gpu_fraction, whole_gpu_in_kata, placed_before_hami)
