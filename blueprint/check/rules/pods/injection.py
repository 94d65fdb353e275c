"""How pods get at GPUs: by asking for them, and by no other way."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import DescribedPod, RuleContext, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

PAST_THE_SCHEDULER = define(
    "BP6111",
    "gpus-past-the-scheduler",
    """
The variable `NVIDIA_VISIBLE_DEVICES` hands a container GPUs that nobody counted: the scheduler does not know,
quotas do not count it, and another pod gets the same GPU. Ask for `nvidia.com/gpu` under `limits`, and the device
plugin sets what the container sees.
""",
    severity=Severity.WARNING,
)
USER_NAMESPACE = define(
    "BP6112",
    "gpu-in-a-user-namespace",
    """
With `hostUsers: false` a container has users of its own, and the runtime cannot give it the GPU's device nodes:
creating it fails. The GPU stack of this release does not support it. Leave it out of pods that ask for GPUs.
""",
)
RUNTIME_CLASS_GONE = define(
    "BP6113",
    "runtime-class-gone",
    """
No RuntimeClass of this name will exist, and the API server refuses pods that name one. The GPU Operator makes `nvidia`
(or what `operator.runtimeClass` says), with CDI on `nvidia-cdi` and `nvidia-legacy` too; where the NRI plugin is on it
makes none, and deletes those.
""",
)
RUNTIME_CLASS_OF_OTHERS = define(
    "BP6471",
    "runtime-class-of-others",
    """
This RuntimeClass is made by something that is no part of the platform: kata-deploy makes those of Kata. The API server
refuses pods that name one which is not there. Whether it will be there cannot be judged here.
""",
    severity=Severity.NOTE,
)
_WITH_CDI = ("nvidia-cdi", "nvidia-legacy")
_NOTHING = ("", "void", "none")


def visible(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPUs by variable. Components of the stack itself may; they look at all of them."""
    if pod.subject.component != USERS or pod.requests:
        return
    for path, container in pod.containers:
        for index, each in enumerate(map(mapping, items(container.get("env")))):
            if each.get("name") == "NVIDIA_VISIBLE_DEVICES" and each.get("value", "") not in _NOTHING:
                at = (*path, "env", index, "name")
                text = f"{format_path(path, pod.subject.data)} sees GPUs that it does not ask for"
                yield ObjectFinding(PAST_THE_SCHEDULER, at, text, 'resources: {limits: {nvidia.com/gpu: "1"}}')


def users(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPUs in a user namespace."""
    if pod.spec.get("hostUsers") is False and pod.requests:
        path = (*pod.path, "hostUsers")
        text = f"{format_path(path, pod.subject.data)} is false, and the pod asks for {pod.requests[0][1]}"
        yield ObjectFinding(USER_NAMESPACE, path, text, "remove hostUsers")


def runtime_class(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """RuntimeClasses that the operator does not make, and those whose makers nobody sees here."""
    name = pod.spec.get("runtimeClassName")
    if not isinstance(name, str) or context.find("RuntimeClass", name):
        return
    path = (*pod.path, "runtimeClassName")
    field = format_path(path, pod.subject.data)
    if context.cluster_policy and (
        name in _WITH_CDI or name == (context.cluster_policy_value("operator", "runtimeClass") or "nvidia")
    ):
        if context.cluster_policy_value("cdi", "nriPluginEnabled") is True:
            text = f"{field}: with the NRI plugin on there is no RuntimeClass {name}"
            yield ObjectFinding(RUNTIME_CLASS_GONE, path, text, "remove it, or switch nriPlugin off")
        elif name in _WITH_CDI and context.cluster_policy_value("cdi", "enabled") is False:
            text = f"{field}: with CDI off there is no RuntimeClass {name}"
            yield ObjectFinding(RUNTIME_CLASS_GONE, path, text, "remove it, or switch CDI on")
    elif name.startswith("kata"):
        text = f"{field}: nothing here makes the RuntimeClass {name}; kata-deploy does"
        yield ObjectFinding(RUNTIME_CLASS_OF_OTHERS, path, text, "see that kata-deploy is installed before the pod is")


RULES = (visible, users, runtime_class)
