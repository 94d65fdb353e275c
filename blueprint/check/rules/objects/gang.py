"""Distributed training whose pods must start together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.containers import command_line
from blueprint.check.common.kueue import GROUP, LOCAL_QUEUE, QUEUE_NAME, queue_name
from blueprint.check.common.kueue_configuration import configuration
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule import rule
from blueprint.check.rule_context import GPU_PREFIX, DescribedPod, RuleContext, inside, items, mapping
from blueprint.check.workloads import containers
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern

GANG_MISSING = define("BP6567", "gang-missing", page=__file__, severity=Severity.WARNING)
_ALWAYS = {("kubeflow.org", kind) for kind in ("PyTorchJob", "MPIJob", "JAXJob")}
"""Kinds whose pods always form one process group."""
_BY_COMMAND = {("batch", "Job"), ("jobset.x-k8s.io", "JobSet")}
_SEVERAL_NODES = lazy_pattern(r"--nnodes[= ]|--num_machines[= ]|--hostfile[= ]|--rdzv[-_]endpoint[= ]")
_MARKS = ("scheduling.x-k8s.io/pod-group", "pod-group.scheduling.sigs.k8s.io/name", "scheduling.k8s.io/group-name")
"""Labels and annotations that mark a pod group for schedulers: coscheduling, and Volcano."""
_PROVISIONED = (
    "autoscaling.x-k8s.io/consume-provisioning-request",
    "cluster-autoscaler.kubernetes.io/consume-provisioning-request",
)
"""Annotations of pods for which Cluster Autoscaler creates either all nodes or none."""


@rule(GANG_MISSING, tags=("scheduling", "reliability"))
def gang_missing(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Training with several GPU pods that nothing starts together."""
    kind = (subject.id.group, subject.id.kind)
    if kind not in _ALWAYS | _BY_COMMAND:
        return
    training = [each for each in context.pods_of(subject) if _uses_gpus(each) and (kind in _ALWAYS or _spreads(each))]
    pods = sum(each.number for each in training)
    if pods > 1 and not any(_grouped(each, subject) for each in training) and not _managed(subject, context):
        text = f"{pods} pods with GPUs depend on each other, but nothing schedules them as a gang"
        help_ = f"queue it in Kueue (label {QUEUE_NAME}), or use gang scheduling: KAI, Volcano, coscheduling"
        yield ObjectFinding(GANG_MISSING, ("spec",), text, help_)


def _uses_gpus(template: DescribedPod) -> bool:
    return any(
        str(name).startswith(GPU_PREFIX)
        for _, container in containers(template.path, template.spec)
        for name in mapping(inside(container, "resources", "limits"))
    )


def _spreads(template: DescribedPod) -> bool:
    """Whether its command forms one process group over several nodes."""
    return any(_SEVERAL_NODES.search(command_line(each)) for _, each in containers(template.path, template.spec))


def _grouped(template: DescribedPod, subject: Object) -> bool:
    """Whether its pods belong to a group, or use another scheduler."""
    spec = template.spec
    metadata = mapping(value_at(subject.data, (*template.path[:-1], "metadata")))
    keys = {**mapping(metadata.get("labels")), **mapping(metadata.get("annotations"))}
    named = spec.get("schedulerName", "default-scheduler") != "default-scheduler"
    return (
        named
        or "workloadRef" in spec
        or "schedulingGroup" in spec
        or any(each in keys for each in (*_MARKS, *_PROVISIONED))
    )


def _managed(subject: Object, context: RuleContext) -> bool:
    """Whether Kueue admits it as a whole, or its operator creates a pod group for it."""
    default = "default" in context.named(GROUP, LOCAL_QUEUE, subject.id.namespace)
    everything = configuration(context).get("manageJobsWithoutQueueName") is True
    policy = inside(subject.data, "spec", "runPolicy", "schedulingPolicy")
    grouped = subject.id.group == "kubeflow.org" and context.once(_operator_groups)
    return bool(queue_name(subject) or default or everything or policy or grouped)


def _operator_groups(context: RuleContext) -> bool:
    """Whether an operator among the objects is configured with a gang scheduler."""
    arguments = (
        str(argument)
        for pod in context.pods
        if pod.subject.id.kind == "Deployment"
        for _, container in pod.containers
        for argument in (*items(container.get("command")), *items(container.get("args")))
    )
    return any(re.match(r"--gang-schedul(er-name|ing)=\S", each) for each in arguments)


RULES = (gang_missing,)
