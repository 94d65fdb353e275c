"""Pods that run in a Kata Containers virtual machine."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.containers import limit
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

HOST_NAMESPACE = define("BP6568", "kata-host-namespace", page=__file__, severity=Severity.WARNING)
PASSTHROUGH = define("BP6569", "passthrough-gpu", page=__file__, severity=Severity.WARNING)
_PASSTHROUGH_GPU = "nvidia.com/pgpu"


@rule(HOST_NAMESPACE, tags=("kata",))
def host_namespace(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Host namespaces in a pod with its own kernel."""
    if not _in_kata(pod):
        return
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field) is True:
            path = (*pod.path, field)
            name = pod.spec["runtimeClassName"]
            text = f"{format_path(path, pod.subject.data)} is true, but {name} runs the pod in a virtual machine"
            yield ObjectFinding(HOST_NAMESPACE, path, text, f"remove {field}, or runtimeClassName")


@rule(PASSTHROUGH, tags=("kata", "gpu-access"))
def passthrough(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Passthrough GPUs in an ordinary container, or in a virtual machine without limits."""
    for path, container in pod.containers:
        if not limit(container, _PASSTHROUGH_GPU):
            continue
        at = (*path, "resources", "limits", _PASSTHROUGH_GPU)
        field = format_path(at, pod.subject.data)
        if "runtimeClassName" not in pod.spec:
            text = f"{field}: the GPU is for a virtual machine, but the pod has no runtimeClassName"
            yield ObjectFinding(PASSTHROUGH, at, text, "set runtimeClassName: kata-qemu-nvidia-gpu")
        elif _in_kata(pod) and inside(container, "resources", "limits", "memory") is None:
            text = f"{field} without a memory limit: the virtual machine gets its configured default"
            yield ObjectFinding(
                PASSTHROUGH, at, text, "set limits for cpu and memory, which determine the size of the virtual machine"
            )


def _in_kata(pod: DescribedPod) -> bool:
    return str(pod.spec.get("runtimeClassName")).startswith("kata")


RULES = (host_namespace, passthrough)
