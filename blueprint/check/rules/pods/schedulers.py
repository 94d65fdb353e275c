"""Pods for KAI Scheduler, and pods in virtual machines."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Path
from blueprint.check.common.containers import GPU, limit, pod_metadata
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

GPU_FRACTION = define("BP6529", "gpu-fraction", page=__file__, severity=Severity.WARNING)
WHOLE_GPU_IN_KATA = define("BP6530", "container-gpu-in-a-machine", page=__file__, severity=Severity.WARNING)
_FRACTION, _MEMORY = "gpu-fraction", "gpu-memory"


@rule(GPU_FRACTION, tags=("scheduling", "kai"))
def gpu_fraction(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Parts of a GPU that KAI Scheduler's admission refuses."""
    annotations = mapping(pod_metadata(pod).get("annotations"))
    named = [key for key in (_FRACTION, _MEMORY) if key in annotations]
    if not named or pod.spec.get("schedulerName") != "kai-scheduler":
        return
    at: Path = (*pod.path[:-1], "metadata", "annotations", named[0])
    whole = next((path for path, container in pod.containers if limit(container, GPU)), None)
    if whole:
        text = f"{format_path(at, pod.subject.data)} beside a limit of {GPU}: a pod has a part of a GPU, or whole ones"
        yield ObjectFinding(GPU_FRACTION, at, text, f"remove the limit of {GPU}, or the annotation")
    if len(named) > 1:
        text = f"{format_path(at, pod.subject.data)} beside {_MEMORY}: both say how much of the GPU"
        yield ObjectFinding(GPU_FRACTION, at, text, f"remove {_MEMORY}, or {_FRACTION}")
    if _FRACTION in named and not _is_part(annotations[_FRACTION]):
        text = f"{format_path(at, pod.subject.data)} is {annotations[_FRACTION]}, which is not between 0 and 1"
        yield ObjectFinding(GPU_FRACTION, at, text, f'"0.5" is half a GPU; for whole ones a limit of {GPU}')


def _is_part(value: object) -> bool:
    try:
        return 0 < float(str(value)) < 1
    except ValueError:
        return False


@rule(WHOLE_GPU_IN_KATA, tags=("gpu-access", "kata"))
def whole_gpu_in_kata(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPUs of containers for pods that run in a virtual machine."""
    name = pod.spec.get("runtimeClassName")
    if not isinstance(name, str) or not name.startswith("kata-"):
        return
    for path, container in pod.containers:
        if limit(container, GPU):
            at = (*path, "resources", "limits", GPU)
            text = f"{format_path(at, pod.subject.data)}: the RuntimeClass {name} runs the pod in a virtual machine"
            help_ = "nvidia.com/pgpu, unless P_GPU_ALIAS of the Kata device plugin names it otherwise"
            yield ObjectFinding(WHOLE_GPU_IN_KATA, at, text, help_)


RULES = (gpu_fraction, whole_gpu_in_kata)
