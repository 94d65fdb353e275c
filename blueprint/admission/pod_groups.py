"""KAI pod groups: which pods start together or not at all, and whether KAI may preempt them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path as FilePath

from blueprint.catalog.facts import CatalogueFile
from blueprint.catalog.loader import read
from blueprint.check.common.containers import pod_metadata
from blueprint.check.common.kai import SCHEDULER
from blueprint.check.finding import value_at
from blueprint.check.rule_context import DescribedPod, inside, mapping
from blueprint.platform.queueing.kai import NOT_PREEMPTED
from blueprint.records import Record

_CLASS_LABEL = "priorityClassName"
_PREEMPTIBILITY = "kai.scheduler/preemptibility"
_PREEMPTIBLE = {"preemptible": True, "non-preemptible": False}
_IN_ORDER = "InOrder"


class PodGrouping(Record, kw_only=True):
    """How the pods of one kind are grouped.

    Attributes:
        together: Whether all pods start together, or each one individually.
        annotation: The annotation with the number of pods that start together.
        fewest: Fields with a minimum number of pods, in order of precedence.
        fewest_of_set: The same fields, next to the template of a pod set.
        groups: The field with the number of groups in which the pods start.
        in_order: The field that makes pod sets start one after another.
        priority: The priority class of pods that do not specify one.
        class_label: An additional label of the object that specifies the priority class, and takes precedence.
    """

    together: bool = False
    annotation: str | None = None
    fewest: tuple[str, ...] = ()
    fewest_of_set: str | None = None
    groups: str | None = None
    in_order: str | None = None
    priority: str = "train"
    class_label: str | None = None


class PodGroupsFile(CatalogueFile, kw_only=True):
    """The table, by API group and kind."""

    kinds: Mapping[str, PodGrouping]


class PodGroup(Record):
    """The pod group that KAI creates for the pods of an object.

    Attributes:
        sizes: The number of pods of each set that start together.
        as_one: Whether the pod sets also start together.
        priority: The name of the priority class.
        preemptible: Whether KAI may preempt it; otherwise it must stay within its tenant's own quota.
    """

    sizes: tuple[int, ...]
    as_one: bool
    priority: str
    preemptible: bool

    @property
    def reason(self) -> str:
        """The reason why only the tenant's own quota counts; empty if it may borrow."""
        return "" if self.preemptible else f"KAI never stops workloads of priority {self.priority}"


def pod_group(pods: Sequence[DescribedPod], classes: Mapping[str, int]) -> PodGroup:
    """The pod group that KAI creates for the pod sets of one object. `classes`: the existing priority classes."""
    data = pods[0].subject.data
    how = _grouping(pods[0])
    in_order = bool(how.in_order) and inside(data, *str(how.in_order).split(".")) == _IN_ORDER
    name = _priority(pods[0], how, classes)
    declared = next((each[_PREEMPTIBILITY] for each in _labels(pods[0]) if _PREEMPTIBILITY in each), "")
    preemptible = _PREEMPTIBLE.get(str(declared).lower(), classes.get(name, 0) < NOT_PREEMPTED)
    return PodGroup(_sizes(pods, how), how.together and not in_order, name, preemptible)


def _grouping(pod: DescribedPod) -> PodGrouping:
    return _table().kinds.get(f"{pod.subject.id.group} {pod.subject.id.kind}", PodGrouping())


def _sizes(pods: Sequence[DescribedPod], how: PodGrouping) -> tuple[int, ...]:
    data = pods[0].subject.data
    if not how.together:
        annotations = mapping(inside(data, "metadata", "annotations"))
        text = str(annotations.get(how.annotation or "", ""))
        return tuple(min(int(text), each.number) if text.isdecimal() and int(text) else 1 for each in pods)
    groups = inside(data, *how.groups.split(".")) if how.groups else 1
    number = groups if isinstance(groups, int) and groups > 0 else 1
    sizes = [_of_set(each, how) // number if each.spec.get("schedulerName") == SCHEDULER else 0 for each in pods]
    fewest = next((found for each in how.fewest if isinstance(found := inside(data, *each.split(".")), int)), None)
    if fewest is not None and sizes:
        largest = sizes.index(max(sizes))
        sizes[largest] = max(1, sizes[largest] - max(0, sum(sizes) - fewest))
    return tuple(sizes)


def _of_set(pod: DescribedPod, how: PodGrouping) -> int:
    """The number of pods of the set that must start: all of them, or the minimum declared next to their template."""
    if how.fewest_of_set is None:
        return pod.number
    set_ = mapping(value_at(pod.subject.data, pod.path[:-2]))
    fewest, replicas = set_.get(how.fewest_of_set), set_.get("replicas")
    if isinstance(fewest, int) and isinstance(replicas, int) and 0 < fewest <= replicas:
        return pod.number * fewest // replicas
    return pod.number


def _priority(pod: DescribedPod, how: PodGrouping, classes: Mapping[str, int]) -> str:
    """The class that KAI assigns to the group. A class that does not exist is ignored."""
    labels = [each.get(_CLASS_LABEL) for each in _labels(pod)]
    first = _labels(pod)[0].get(how.class_label) if how.class_label else None
    named = (first, *labels, pod.spec.get("priorityClassName"))
    return next((each for each in named if isinstance(each, str) and each in classes), how.priority)


def _labels(pod: DescribedPod) -> tuple[Mapping[str, object], ...]:
    """The labels of the object, then those of its pods, in KAI's order of precedence."""
    above = mapping(inside(pod.subject.data, "metadata", "labels"))
    return above, mapping(pod_metadata(pod).get("labels"))


@cache
def _table() -> PodGroupsFile:
    return read(FilePath(__file__).with_name("pod_groups.yaml"), PodGroupsFile)
