"""The devices that a container with GPUs actually sees."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.containers import GPU, limit, literal_env, mig_limits
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path
from blueprint.units import as_count

CUDA_DEVICES = define("BP6520", "cuda-visible-devices", page=__file__, severity=Severity.WARNING)
OVERRIDDEN = define("BP6521", "visible-devices-overridden", page=__file__, severity=Severity.WARNING)
PRIVILEGED = define("BP6522", "privileged-beside-gpus", page=__file__, severity=Severity.WARNING)
SEVERAL_MIG = define("BP6523", "several-mig-devices", page=__file__, severity=Severity.WARNING)
_NO_GPUS = ("", "void", "none")


@rule(CUDA_DEVICES, tags=("gpu-access",))
def cuda_devices(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A CUDA_VISIBLE_DEVICES that does not match the container's GPUs exactly."""
    for path, container in pod.containers:
        count = limit(container, GPU)
        for at, name, value in literal_env(container, path) if count else ():
            if name == "CUDA_VISIBLE_DEVICES" and (fault := _fault(value, count)):
                text = f"{format_path(at, pod.subject.data)} is {value or 'empty'}: {fault}"
                help_ = "remove the variable; the container sees only the GPUs that it requests"
                yield ObjectFinding(CUDA_DEVICES, at, text, help_)


def _fault(value: str, count: int) -> str | None:
    names = [each.strip() for each in value.split(",") if each.strip()]
    if any(each.startswith(("GPU-", "MIG-")) for each in names):
        return "it selects a device by UUID, but the kubelet decides which device the container gets"
    if any("$" in each for each in names):
        return None
    numbers = {number for each in names if (number := as_count(each)) is not None}
    if not numbers or len(numbers) < len(set(names)):
        return "it hides GPUs that the container requests"
    if max(numbers) >= count:
        return f"the container requests {count} of {GPU}, so its GPUs are {_span(count)}"
    return f"it hides {count - len(numbers)} of {count} GPUs" if len(numbers) < count else None


def _span(count: int) -> str:
    return "0" if count == 1 else f"0 to {count - 1}"


@rule(OVERRIDDEN, tags=("gpu-access",))
def overridden(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """NVIDIA_VISIBLE_DEVICES in a container that requests GPUs."""
    for path, container in pod.containers:
        requested = limit(container, GPU) or any(mig_limits(container).values())
        for at, name, value in literal_env(container, path) if requested else ():
            if name == "NVIDIA_VISIBLE_DEVICES" and value not in _NO_GPUS:
                text = f"{format_path(at, pod.subject.data)} is {value}, which replaces what the device plugin sets"
                yield ObjectFinding(
                    OVERRIDDEN, at, text, "remove the variable; the container sees the GPUs that are allocated to it"
                )


@rule(PRIVILEGED, tags=("gpu-access", "security"))
def privileged(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Privileged containers that request GPUs."""
    for path, container in pod.containers:
        requested = limit(container, GPU) or any(mig_limits(container).values())
        if requested and inside(container, "securityContext", "privileged") is True:
            at = (*path, "securityContext", "privileged")
            text = f"{format_path(at, pod.subject.data)} is true, so the container sees every GPU of the node"
            help_ = "remove privileged; for RDMA, capabilities.add: [IPC_LOCK] is enough"
            yield ObjectFinding(PRIVILEGED, at, text, help_)


@rule(SEVERAL_MIG, tags=("gpu-access", "mig"))
def several_mig(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Containers with more than one MIG device."""
    called = [GPU] if _are_instances(context) else []
    for path, container in pod.containers:
        amounts = {name: amount for name, amount in mig_limits(container).items() if amount}
        amounts |= {name: amount for name in called if (amount := limit(container, name))}
        if sum(amounts.values()) > 1:
            name = max(amounts, key=lambda each: amounts[each])
            at = (*path, "resources", "limits", name)
            listed = " and ".join(f"{amount} of {each}" for each, amount in sorted(amounts.items()))
            text = (
                f"{format_path(path, pod.subject.data)} requests {listed}, but a CUDA process uses only one MIG device"
            )
            yield ObjectFinding(SEVERAL_MIG, at, text, "request 1; use a larger profile, or more pods")


def _are_instances(context: RuleContext) -> bool:
    """Whether what pods request as GPUs are MIG devices in every pool: with the strategy `single`."""
    offering = [pool for pool in context.pools if GPU in pool.offers]
    return bool(offering) and all(pool.mig_strategy == "single" and not pool.whole_gpus for pool in offering)


RULES = (cuda_devices, overridden, privileged, several_mig)
