"""Pods for KAI Scheduler, and pods in virtual machines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.common.containers import GPU, limit, pod_metadata
from blueprint.check.common.kai import SCHEDULER
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

GPU_FRACTION = define("BP6529", "gpu-fraction", page=__file__, severity=Severity.WARNING)
WHOLE_GPU_IN_KATA = define("BP6530", "container-gpu-in-a-machine", page=__file__, severity=Severity.WARNING)
_FRACTION, _MEMORY, _DEVICES, _MPS = "gpu-fraction", "gpu-memory", "gpu-fraction-num-devices", "mps"


@rule(GPU_FRACTION, tags=("scheduling", "kai"))
def gpu_fraction(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Parts of a GPU that KAI Scheduler's admission refuses."""
    if pod.spec.get("schedulerName") != SCHEDULER:
        return
    annotations = mapping(pod_metadata(pod).get("annotations"))
    whole = any(limit(container, GPU) for _, container in pod.containers)
    for key, fault, help_ in _faults(annotations, whole=whole):
        at: Path = (*pod.path[:-1], "metadata", "annotations", key)
        yield ObjectFinding(GPU_FRACTION, at, f"{format_path(at, pod.subject.data)} {fault}", help_)


def _faults(annotations: Mapping[Any, Any], *, whole: bool) -> Iterator[tuple[str, str, str]]:
    """What is wrong with which annotation, and the way out."""
    named = [key for key in (_FRACTION, _MEMORY) if key in annotations]
    if named and whole:
        fault = f"is combined with a limit of {GPU}: a pod gets part of a GPU, or whole GPUs"
        yield named[0], fault, f"remove the limit of {GPU}, or the annotation"
    if len(named) > 1:
        yield (
            _FRACTION,
            f"is combined with {_MEMORY}: both set the share of the GPU",
            f"remove {_MEMORY}, or {_FRACTION}",
        )
    if _FRACTION in named and not _is_part(annotations[_FRACTION]):
        fault = f"is {annotations[_FRACTION]}, which is not between 0 and 1"
        yield _FRACTION, fault, f'"0.5" is half a GPU; for whole GPUs set a limit of {GPU}'
    for key, unit in ((_MEMORY, "MiB"), (_DEVICES, "GPUs")):
        if key in annotations and not re.fullmatch(r"0*[1-9][0-9]*", str(annotations[key])):
            yield key, f"is {annotations[key]}, which is not a whole number of {unit}", 'for example "2000"'
    for key in (_DEVICES, _MPS):
        if not named and annotations.get(key) not in (None, "false"):
            yield key, f"needs {_FRACTION} or {_MEMORY}", f"set {_FRACTION} or {_MEMORY}, or remove it"


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
            help_ = "request nvidia.com/pgpu, or the name in P_GPU_ALIAS of the Kata device plugin"
            yield ObjectFinding(WHOLE_GPU_IN_KATA, at, text, help_)


RULES = (gpu_fraction, whole_gpu_in_kata)
