"""Tolerations of workloads, as far as manifests alone show an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import USERS, Object, Taint
from blueprint.check.common.containers import GPU, literal_env, pod_metadata
from blueprint.check.common.karpenter import is_of_gpus, node_pools
from blueprint.check.common.kueue import added_tolerations
from blueprint.check.finding import ObjectFinding
from blueprint.check.node_demands import as_admitted
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping, tolerates
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

EVERY_TAINT = define("BP6150", "tolerates-every-taint", page=__file__, severity=Severity.WARNING)
NODE_POOLS_CLOSED = define("BP6151", "nodepool-taint-not-tolerated", page=__file__, severity=Severity.WARNING)
NO_GPU_REQUESTED = define("BP6152", "gpu-toleration-without-gpu", page=__file__, severity=Severity.WARNING)
_MOST_POOLS = 100


@rule(EVERY_TAINT, tags=("scheduling", "reliability"))
def every_taint(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Pods that tolerate the taints of cordoned and failed nodes. DaemonSets are meant to run on every node."""
    if pod.subject.id.kind == "DaemonSet" or pod.subject.id.namespace == "kube-system":
        return
    for index, each in _tolerations(pod):
        if each.get("operator") == "Exists" and not each.get("key") and each.get("effect") in (None, "", "NoSchedule"):
            path = (*pod.path, "tolerations", index)
            text = f"{format_path(path, pod.subject.data)} tolerates every taint, including that of cordoned nodes"
            yield ObjectFinding(EVERY_TAINT, path, text, "name the key: {key: nvidia.com/gpu, operator: Exists}")


@rule(NODE_POOLS_CLOSED, tags=("scheduling", "karpenter"))
def node_pools_closed(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPUs that exist only on tainted nodes of Karpenter, as far as the objects show. Pools are checked elsewhere.

    Clusters with the admission plugin ExtendedResourceToleration, such as EKS and GKE, tolerate taints whose key is the
    requested resource.
    """
    pools = context.once(_taints_of_pools)
    path = (
        next((path for path, name, _ in pod.requests if path[-2] == "limits" and name == GPU), None) if pools else None
    )
    if path is None or context.pools:
        return
    if len(pools) > _MOST_POOLS:
        context.omit(f"there are more than {_MOST_POOLS} NodePools with GPUs and different taints")
        return
    admitted = as_admitted(pod, context)
    tolerations = [*items(admitted.spec.get("tolerations")), *added_tolerations(pod.subject, context)]
    repelled = [next((each for each in taints if not tolerates(tolerations, each)), None) for taints in pools]
    if (taint := repelled[0]) and all(repelled):
        field = format_path(path, pod.subject.data)
        text = f"{field}: every NodePool with GPUs has a taint such as {taint}, which the pod does not tolerate"
        yield ObjectFinding(NODE_POOLS_CLOSED, path, text, f"tolerations: [{{key: {taint.key}, operator: Exists}}]")


@rule(NO_GPU_REQUESTED, tags=("scheduling", "cost"))
def no_gpu_requested(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Pods that may run on GPU nodes but get no device there.

    The head of a Ray cluster and the launcher of a job are needed by pods that do.
    """
    if not pod.spec.get("tolerations"):
        return
    of_platform = pod.subject.id.kind == "DaemonSet" or pod.subject.component != USERS
    if of_platform or id(pod.subject) in context.once(_with_devices):
        return
    taints = context.once(_repelling)
    for index, each in _tolerations(pod):
        if each.get("key") == GPU or (each.get("key") and any(tolerates([each], taint) for taint in taints)):
            path = (*pod.path, "tolerations", index)
            field = format_path(path, pod.subject.data)
            text = f"{field} tolerates the taint of GPU nodes, but no container requests a GPU"
            help_ = f"set resources.limits of {GPU}, or remove the toleration"
            yield ObjectFinding(NO_GPU_REQUESTED, path, text, help_)
            return


def _repelling(context: RuleContext) -> frozenset[Taint]:
    """The taints of pools that keep pods away."""
    return frozenset(taint for pool in context.pools for taint in pool.taints if taint.effect != "PreferNoSchedule")


def _with_devices(context: RuleContext) -> frozenset[int]:
    """The objects (id) of which some pod uses devices."""
    return frozenset(id(pod.subject) for pod in context.pods if _uses_devices(pod))


def _uses_devices(pod: DescribedPod) -> bool:
    """Whether the pod claims devices, requests an extended resource or a fractional GPU, sets the variable of GPUs,
    or has a privileged container; also if a field outside the pod specification may request GPUs.
    """
    requested = (
        mapping(inside(each, "resources", part)) for _, each in pod.containers for part in ("limits", "requests")
    )
    annotations = mapping(pod_metadata(pod).get("annotations"))
    variables = (name for path, each in pod.containers for _, name, _ in literal_env(each, path))
    return bool(
        "resources" in pod.completed
        or pod.spec.get("resourceClaims")
        or any("/" in str(name) for amounts in requested for name in amounts)
        or any(str(key).startswith("gpu-") for key in annotations)
        or "NVIDIA_VISIBLE_DEVICES" in variables
        or any(inside(each, "securityContext", "privileged") is True for _, each in pod.containers)
    )


def _tolerations(pod: DescribedPod) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    return ((index, mapping(each)) for index, each in enumerate(items(pod.spec.get("tolerations"))))


def _taints_of_pools(context: RuleContext) -> list[tuple[Taint, ...]]:
    """The taints of each NodePool with GPUs, once where pools have the same."""
    return [*dict.fromkeys(tuple(_taints(each)) for each in node_pools(context) if is_of_gpus(each))]


def _taints(pool: Object) -> list[Taint]:
    """Taints of a NodePool's nodes that no admission plugin tolerates."""
    given = map(mapping, items(inside(pool.data, "spec", "template", "spec", "taints")))
    found = [Taint(str(each.get("key")), str(each.get("value", "")), str(each.get("effect"))) for each in given]
    return [each for each in found if each.key != GPU]


RULES = (every_taint, node_pools_closed, no_gpu_requested)
