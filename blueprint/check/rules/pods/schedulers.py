"""Pods for KAI Scheduler, and pods in virtual machines."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Path
from blueprint.check.common.containers import GPU, limit, pod_metadata
from blueprint.check.common.device_plugins import is_decided_here
from blueprint.check.common.kai import SCHEDULER, misspelt_shares, share_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

GPU_FRACTION = define("BP6529", "gpu-fraction", page=__file__, severity=Severity.WARNING)
WHOLE_GPU_IN_KATA = define("BP6530", "container-gpu-in-a-machine", page=__file__, severity=Severity.WARNING)


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
    for key, name in misspelt_shares(annotations):
        at = (*pod.path[:-1], "metadata", "annotations", key)
        text = f"{format_path(at, pod.subject.data)} is not read by KAI Scheduler"
        yield ObjectFinding(GPU_FRACTION, at, text, f"the annotation is {name}")


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


RULES = (gpu_fraction, whole_gpu_in_kata)
