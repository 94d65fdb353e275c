"""The input of Kueue: its own objects, and the labels of workloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import value_at
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.records import Record
from blueprint.units import quantity_value

GROUP = "kueue.x-k8s.io"
CLUSTER_QUEUE, COHORT, LOCAL_QUEUE, FLAVOR = "ClusterQueue", "Cohort", "LocalQueue", "ResourceFlavor"
QUEUE_NAME = f"{GROUP}/queue-name"
MIN_PARALLELISM = f"{GROUP}/job-min-parallelism"
QUEUED = {
    "batch": ("Job", "CronJob"),
    "jobset.x-k8s.io": ("JobSet",),
    "kubeflow.org": ("PyTorchJob", "TFJob", "JAXJob", "MPIJob", "PaddleJob", "XGBoostJob"),
    "trainer.kubeflow.org": ("TrainJob",),
    "ray.io": ("RayCluster", "RayJob", "RayService"),
    "apps": ("Deployment", "StatefulSet"),
    "leaderworkerset.x-k8s.io": ("LeaderWorkerSet",),
    "sparkoperator.k8s.io": ("SparkApplication",),
    "workload.codeflare.dev": ("AppWrapper",),
    "": ("Pod",),
}
"""The kinds that Kueue queues, by group: the integrations of v0.19."""


class Quota(Record):
    """The quota of a queue or a cohort for one resource in one flavor.

    Attributes:
        path: The path of the quota.
        flavor: The flavor.
        resource: The resource.
        fields: Its fields: `nominalQuota`, `borrowingLimit`, `lendingLimit`.
    """

    path: Path
    flavor: str
    resource: str
    fields: Mapping[Any, Any]

    def amount(self, field: str) -> Fraction | None:
        """The amount in a field; None if it is missing or invalid."""
        return amount(self.fields.get(field))


def amount(value: Any) -> Fraction | None:
    """The value of a quantity; None if it is invalid."""
    try:
        return quantity_value(str(value))
    except ValueError:
        return None


def is_of_kueue(subject: Object) -> bool:
    """Whether it is one of Kueue's objects. Other API groups have kinds with the same names."""
    return subject.id.group == GROUP


def resource_groups(subject: Object) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    """The resource groups of a ClusterQueue or a Cohort."""
    for index, group in enumerate(map(mapping, items(inside(subject.data, "spec", "resourceGroups")))):
        yield ("spec", "resourceGroups", index), group


def flavors(path: Path, group: Mapping[Any, Any]) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    """The flavors of a resource group."""
    for index, flavor in enumerate(map(mapping, items(group.get("flavors")))):
        yield (*path, "flavors", index), flavor


def quotas(subject: Object) -> Iterator[Quota]:
    """All quotas of a ClusterQueue or a Cohort."""
    for path, group in resource_groups(subject):
        for place, flavor in flavors(path, group):
            for index, each in enumerate(map(mapping, items(flavor.get("resources")))):
                yield Quota((*place, "resources", index), str(flavor.get("name")), str(each.get("name")), each)


def parent_field(subject: Object) -> str:
    """The field with the name of the parent cohort, which depends on kind and version."""
    if subject.id.kind == COHORT:
        return "parent" if subject.api_version.endswith("/v1alpha1") else "parentName"
    return "cohort" if subject.api_version.endswith("/v1beta1") else "cohortName"


def parent(subject: Object) -> str:
    """The name of the parent cohort, or an empty string."""
    return str(inside(subject.data, "spec", parent_field(subject)) or "")


def read_metadata(subject: Object) -> Path:
    """The path at which Kueue reads the labels of a workload; for a CronJob, its Job template."""
    return ("spec", "jobTemplate", "metadata") if subject.id.kind == "CronJob" else ("metadata",)


def is_queued(subject: Object) -> bool:
    """Whether Kueue queues its kind."""
    return subject.id.kind in QUEUED.get(subject.id.group, ())


def queue_name(subject: Object) -> str | None:
    """The name of the workload's LocalQueue."""
    if not is_queued(subject):
        return None
    metadata = value_at(subject.data, read_metadata(subject))
    name = mapping(mapping(metadata).get("labels")).get(QUEUE_NAME)
    return name if isinstance(name, str) else None


def cluster_queue_of(subject: Object, context: RuleContext) -> Object | None:
    """The ClusterQueue of a workload, if both it and the LocalQueue are among the objects."""
    if not context.objects_of_kind(CLUSTER_QUEUE):
        return None
    local = context.named(GROUP, LOCAL_QUEUE, subject.id.namespace).get(queue_name(subject) or "")
    target = inside(local.data, "spec", "clusterQueue") if local else None
    return context.named(GROUP, CLUSTER_QUEUE).get(target) if isinstance(target, str) else None


def added_tolerations(subject: Object, context: RuleContext) -> Iterator[Any]:
    """The tolerations that Kueue adds to the pods of a workload: those of its queue's flavors."""
    queue = cluster_queue_of(subject, context)
    for path, group in resource_groups(queue) if queue else ():
        for _, flavor in flavors(path, group):
            found = context.named(GROUP, FLAVOR).get(str(flavor.get("name")))
            yield from items(inside(found.data, "spec", "tolerations")) if found else ()


def number_of_pods(subject: Object, template: DescribedPod) -> int:
    """The number of pods of a template that Kueue counts together."""
    if subject.id.kind == "Deployment":
        return 1  # Each of its pods is admitted individually.
    job = template.path[:-2]
    parallelism, completions = (value_at(subject.data, (*job, each)) for each in ("parallelism", "completions"))
    if isinstance(parallelism, int) and isinstance(completions, int) and 0 <= completions < parallelism:
        return template.number // parallelism * completions
    return template.number
