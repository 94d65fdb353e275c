"""Access to GPUs other than by requesting them."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS
from blueprint.check.finding import ObjectFinding
from blueprint.check.node_demands import may_run
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping, severity_across_files
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

PAST_THE_SCHEDULER = define("BP6111", "gpus-bypass-scheduler", page=__file__, severity=Severity.WARNING)
USER_NAMESPACE = define("BP6112", "gpu-in-a-user-namespace", page=__file__)
RUNTIME_CLASS_GONE = define("BP6113", "runtime-class-gone", page=__file__)
RUNTIME_CLASS_MISSING = define("BP6623", "runtime-class-missing", page=__file__, severity=Severity.WARNING)
RUNTIME_CLASS_OF_OTHERS = define("BP6471", "runtime-class-of-others", page=__file__, severity=Severity.NOTE)
_USUAL = "nvidia"
_WITH_CDI = ("nvidia-cdi", "nvidia-legacy")
_NOTHING = ("", "void", "none")


@rule(PAST_THE_SCHEDULER, tags=("gpu-access",))
def visible(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPUs selected by a variable. Components of the GPU stack may do this, because they manage all of them."""
    if pod.subject.component != USERS or pod.requests or _is_of_the_stack(pod):
        return
    for path, container in pod.containers:
        for index, each in enumerate(map(mapping, items(container.get("env")))):
            if each.get("name") == "NVIDIA_VISIBLE_DEVICES" and each.get("value", "") not in _NOTHING:
                at = (*path, "env", index, "name")
                text = f"{format_path(path, pod.subject.data)} gives access to GPUs that were not requested"
                yield ObjectFinding(
                    PAST_THE_SCHEDULER, at, text, 'request them: resources: {limits: {nvidia.com/gpu: "1"}}'
                )


def _is_of_the_stack(pod: DescribedPod) -> bool:
    """Whether the pod provides GPUs to others: it is privileged, or the kubelet calls it through a socket."""
    paths = (inside(volume, "hostPath", "path") for volume in items(pod.spec.get("volumes")))
    privileged = (inside(container, "securityContext", "privileged") is True for _, container in pod.containers)
    return any(privileged) or any(str(path).startswith("/var/lib/kubelet") for path in paths)


@rule(USER_NAMESPACE, tags=("gpu-access",))
def users(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPUs in a user namespace."""
    if pod.spec.get("hostUsers") is False and pod.requests:
        path = (*pod.path, "hostUsers")
        text = f"{format_path(path, pod.subject.data)} is false, but the pod requests {pod.requests[0][1]}"
        yield ObjectFinding(USER_NAMESPACE, path, text, "remove hostUsers")


@rule(RUNTIME_CLASS_MISSING, tags=("gpu-access",), needs=(Capability.POOLS,))
def runtime_class_missing(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Pods that get no GPU, because NVIDIA's runtime is not the default one of the nodes."""
    if pod.spec.get("runtimeClassName") or not pod.requests:
        return
    wanted = {resource for _, resource, _ in pod.requests}
    pools = [each for each in context.counted_pools if wanted & each.offers.keys()]
    able = [each for each in pools if may_run(pod, each, context.pools)]
    names = {each.runtime_class for each in able}
    if name := names.pop() if len(names) == 1 else None:
        text = f"the nodes of pool {able[0].name} give GPUs only to pods of the RuntimeClass {name}"
        field = format_path(pod.path, pod.subject.data)
        yield ObjectFinding(RUNTIME_CLASS_MISSING, pod.path, f"{field}: {text}", f"set runtimeClassName: {name}")


@rule(RUNTIME_CLASS_GONE, RUNTIME_CLASS_OF_OTHERS, tags=("gpu-access",))
def runtime_class(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """RuntimeClasses that the operator does not create, and those of unknown origin."""
    name = pod.spec.get("runtimeClassName")
    if not isinstance(name, str) or context.find("RuntimeClass", name):
        return
    path = (*pod.path, "runtimeClassName")
    field = format_path(path, pod.subject.data)
    made = context.cluster_policy_value("operator", "runtimeClass") or _USUAL
    if context.cluster_policy and (name in _WITH_CDI or name == made):
        if context.cluster_policy_value("cdi", "nriPluginEnabled") is True:
            text = f"{field}: with the NRI plugin enabled there is no RuntimeClass {name}"
            yield ObjectFinding(RUNTIME_CLASS_GONE, path, text, "remove it, or disable nriPlugin")
        elif name in _WITH_CDI and context.cluster_policy_value("cdi", "enabled") is False:
            text = f"{field}: with CDI disabled there is no RuntimeClass {name}"
            yield ObjectFinding(RUNTIME_CLASS_GONE, path, text, "remove it, or enable CDI")
    elif context.cluster_policy and name == _USUAL:
        text = f"{field} is {name}, but spec.operator.runtimeClass of the ClusterPolicy is {made}"
        help_ = f"use {made}, or remove it; k3s and RKE2 create {name} themselves"
        override = severity_across_files(pod.subject, context.cluster_policy, context) or Severity.WARNING
        yield ObjectFinding(RUNTIME_CLASS_GONE, path, text, help_, override)
    elif name.startswith("kata"):
        text = f"{field}: the objects do not contain the RuntimeClass {name}, which kata-deploy creates"
        yield ObjectFinding(
            RUNTIME_CLASS_OF_OTHERS, path, text, "make sure that kata-deploy is installed before the pod"
        )


RULES = (visible, users, runtime_class, runtime_class_missing)
