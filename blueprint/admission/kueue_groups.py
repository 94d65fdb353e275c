"""Groups of pods that Kueue admits together: identical pods form one pod set of a workload."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from blueprint.check.common.containers import pod_metadata
from blueprint.check.common.kueue import read_metadata
from blueprint.check.rule_context import DescribedPod, inside, mapping
from blueprint.records import replace
from blueprint.units import as_count

_NAME = "kueue.x-k8s.io/pod-group-name"
_TOTAL = "kueue.x-k8s.io/pod-group-total-count"
_PRIORITY = "kueue.x-k8s.io/priority-class"


def group_name(pod: DescribedPod) -> str:
    """The group of a pod without a workload object; empty if it has none."""
    if pod.subject.id.kind != "Pod":
        return ""
    return str(mapping(pod_metadata(pod).get("labels")).get(_NAME) or "")


def by_workload(pods: Iterable[DescribedPod]) -> list[list[DescribedPod]]:
    """The pods grouped by object, or by pod group, in input order."""
    found: dict[object, list[DescribedPod]] = {}
    for pod in pods:
        name = group_name(pod)
        found.setdefault((pod.subject.id.namespace, name) if name else id(pod.subject), []).append(pod)
    return [*found.values()]


def as_sets(pods: Sequence[DescribedPod], shape: Callable[[DescribedPod], str]) -> list[DescribedPod]:
    """One pod for each distinct `shape` in a group, with the number of such pods.

    If all existing pods have the same shape, the missing pods of the group are assumed to have it too.
    """
    alike: dict[str, list[DescribedPod]] = {}
    for pod in pods:
        alike.setdefault(shape(pod), []).append(pod)
    total = as_count(mapping(pod_metadata(pods[0]).get("annotations")).get(_TOTAL)) or 0
    if len(alike) == 1:
        return [replace(pods[0], number=max(total, len(pods)))]
    return [replace(each[0], number=len(each)) for each in alike.values()]


def priorities_named(pod: DescribedPod) -> tuple[str, ...]:
    """The priority classes that a workload refers to: for its queue, and for its pods."""
    place = [str(step) for step in read_metadata(pod.subject)]
    names = (mapping(inside(pod.subject.data, *place, "labels")).get(_PRIORITY), pod.spec.get("priorityClassName"))
    return tuple(name for name in names if isinstance(name, str) and name)
