"""Pod sets that form one workload of their queue, and the flavor that the queue assigns to each.

Follows Kueue (`assignFlavors` in pkg/scheduler/flavorassigner, v0.19): each pod set in turn gets the first flavor that
its pods may use and whose quota suffices for it and the sets before it. If one set gets none, Kueue tries again, and
each set that got a flavor starts with the next one (`LastTriedFlavorIdx` and `PendingFlavors`, v0.17). It therefore
does not try all combinations. A pod set that no quota covers ends an attempt as if it were the last one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path as FilePath

from blueprint.bundle.model import Object
from blueprint.catalog.facts import CatalogueFile
from blueprint.catalog.loader import read
from blueprint.check.common.containers import pod_metadata
from blueprint.check.finding import value_at
from blueprint.check.rule_context import DescribedPod, inside, mapping
from blueprint.kubernetes.pod_templates import Pattern
from blueprint.platform.nodes.offered import NODE_RESOURCES
from blueprint.records import Record, replace
from blueprint.wording import counted

_GROUP = "kueue.x-k8s.io/podset-group-name"
_MOST_STEPS = 2_000
Amounts = Mapping[str, Fraction]


class Together(Record, kw_only=True):
    """A kind whose pod sets form one workload.

    Attributes:
        workloads: The field with the number of workloads of an object; if it is missing, there is one.
    """

    workloads: Pattern | None = None


class PodSetsFile(CatalogueFile, kw_only=True):
    """The table of kinds whose pod sets form one workload.

    Attributes:
        together: The kinds.
        names: The name of a pod set, by the field that defines it, unless it is a list item or a map entry.
    """

    together: Mapping[str, Together]
    names: Mapping[str, str]


class PodSet(Record):
    """Identical pods of one workload.

    Attributes:
        name: The name that the workload gives them.
        pods: The number of pods.
        amounts: The total request, by resource.
        pools: The pools on whose nodes one of the pods fits.
        group: Pod sets with the same group get the same flavor.
    """

    name: str
    pods: int
    amounts: Amounts
    pools: frozenset[str]
    group: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({counted(self.pods, 'pod')})"


class QuotaFlavor(Record):
    """Nodes of a pool that form a separate quota flavor.

    Attributes:
        pool: The name of the pool.
        names: The quota name of each of its resources.
        obtainable: The maximum that the tenant can get, by quota name.
    """

    pool: str
    names: Mapping[str, str]
    obtainable: Amounts

    def counted(self, amounts: Amounts) -> dict[str, Fraction]:
        """The part of the amounts that quotas count."""
        named = ((self.names.get(each, ""), amount) for each, amount in amounts.items())
        return {name: amount for name, amount in named if name in self.obtainable and amount}


class FlavorDemand(Record, dict=True):
    """The request of a workload's pod sets for one flavor, by quota name."""

    flavor: QuotaFlavor
    sets: tuple[PodSet, ...]

    @cached_property
    def amounts(self) -> dict[str, Fraction]:
        """The total over all pod sets."""
        return self.flavor.counted(_sum(self.sets))

    @cached_property
    def beyond(self) -> list[str]:
        """The resources of which the tenant cannot get enough."""
        return [name for name, amount in self.amounts.items() if amount > self.flavor.obtainable[name]]


class Whole(Record):
    """The result for all pod sets of a workload.

    Attributes:
        shares: The request for each flavor.
        lacking: The request of the pod set that gets no flavor, if there is one.
        otherwise: An assignment in which all pod sets would get a flavor.
        uncounted: A pod set that no quota covers, after which the queue examines no further sets.
    """

    shares: tuple[FlavorDemand, ...]
    lacking: tuple[FlavorDemand, ...] = ()
    otherwise: tuple[FlavorDemand, ...] = ()
    uncounted: PodSet | None = None

    @property
    def is_admitted(self) -> bool:
        """Whether its queue can ever admit it."""
        return not self.lacking and self.uncounted is None


def is_together(subject: Object) -> bool:
    """Whether all pod sets of an object form one workload."""
    return _key(subject) in _table().together


def workloads_of(subject: Object) -> int:
    """The number of workloads as which an object is admitted, each with its share of the pods."""
    how = _table().together.get(_key(subject))
    number = inside(subject.data, *how.workloads.split(".")) if how and how.workloads else 1
    return number if isinstance(number, int) and number > 0 else 1


def name_of(pod: DescribedPod) -> str:
    """The name that a workload gives to a pod set."""
    if pod.subject.id.kind == "Pod":
        return pod.subject.id.name
    names = _table().names
    for index, step in enumerate(pod.path):
        if isinstance(step, int):
            item = mapping(value_at(pod.subject.data, pod.path[: index + 1]))
            return str(item.get("name") or item.get("groupName") or step)
        if step in names:
            return names[step]
        if isinstance(step, str) and step.endswith("ReplicaSpecs"):
            return str(pod.path[index + 1]).lower()
    return "main"


def group_of(pod: DescribedPod) -> str:
    """The group of the pod's pod set; empty if it has none."""
    return str(mapping(pod_metadata(pod).get("annotations")).get(_GROUP) or "")


def placed(sets: Sequence[PodSet], flavors: Sequence[QuotaFlavor]) -> Whole:
    """The flavors that the queue assigns while nothing else uses quota: the first attempt that suffices for all sets.

    For a workload that can never be admitted, the first attempt is returned.
    """
    groups = list(_grouped(sets))
    attempts = list(_attempts(groups, flavors))
    attempt = attempts[-1]
    if not attempt.lacking:
        return Whole(tuple(attempt.shares.values()))
    first = attempts[0]
    otherwise = _searched(groups, flavors, {}, iter(range(_MOST_STEPS))) or {}
    return Whole(tuple(first.shares.values()), first.lacking, tuple(otherwise.values()))


def first_uncounted(sets: Sequence[PodSet], flavors: Sequence[QuotaFlavor], ignored: Collection[str]) -> PodSet | None:
    """The pod set after which the queue examines no other one, so that the workload is never admitted; None if there is
    none.

    Such a set requests something, but nothing that a quota of the tenant covers (v0.19.2,
    `atLeastOnePodsAssignmentFailed`). `ignored` are resources that Kueue excludes from requests. A LimitRange in the
    namespace makes all pods request CPU and memory.
    """
    counted = {name for flavor in flavors for name in flavor.names}
    for group in [*_grouped(sets)][:-1]:
        for each in group:
            requested = {*NODE_RESOURCES, *(name for name, amount in each.amounts.items() if amount)} - {*ignored}
            if requested and not requested & counted:
                return each
    return None


def _attempts(groups: Sequence[Sequence[PodSet]], flavors: Sequence[QuotaFlavor]) -> Iterator[_Attempt]:
    """Attempts in order, until one suffices, no set has an untried flavor, or an attempt would repeat an earlier
    one.
    """
    starts: dict[int, int] = {}
    begun: list[dict[int, int]] = []
    while starts not in begun:
        begun.append(starts)
        attempt = _attempt(groups, flavors, starts)
        yield attempt
        starts = {group: number + 1 for group, number in attempt.chosen.items() if number + 1 < len(flavors)}
        if not attempt.lacking or not starts:
            return


class _Attempt(Record):
    """One attempt: the request for each flavor, the flavor of each group, and the request of the next group."""

    shares: dict[int, FlavorDemand]
    chosen: dict[int, int]
    lacking: tuple[FlavorDemand, ...] = ()


def _attempt(groups: Sequence[Sequence[PodSet]], flavors: Sequence[QuotaFlavor], starts: Mapping[int, int]) -> _Attempt:
    """Assign each group the first flavor, from its start index on, that suffices for it and the groups before it."""
    attempt = _Attempt({}, {})
    for index, group in enumerate(groups):
        found = list(_possible(group, flavors, attempt.shares))
        left = ((number, share) for number, share in found if number >= starts.get(index, 0) and not share.beyond)
        if (chosen := next(left, None)) is not None:
            attempt.chosen[index], attempt.shares[chosen[0]] = chosen[0], chosen[1]
        elif found:
            return replace(attempt, lacking=tuple(share for _, share in found))
    return attempt


def _possible(
    group: Sequence[PodSet], flavors: Sequence[QuotaFlavor], shares: Mapping[int, FlavorDemand]
) -> Iterator[tuple[int, FlavorDemand]]:
    """The resulting request for each flavor that the sets may use; empty if no quota covers the sets."""
    for number, flavor in enumerate(flavors):
        if all(flavor.pool in each.pools for each in group) and flavor.counted(_sum(group)):
            before = shares[number].sets if number in shares else ()
            yield number, FlavorDemand(flavor, (*before, *group))


def _searched(
    groups: Sequence[Sequence[PodSet]],
    flavors: Sequence[QuotaFlavor],
    shares: dict[int, FlavorDemand],
    steps: Iterator[int],
) -> dict[int, FlavorDemand] | None:
    """Flavors that suffice for all sets; None if there are none or the search takes too long."""
    if not groups:
        return shares
    found = list(_possible(groups[0], flavors, shares))
    if not found:
        return _searched(groups[1:], flavors, shares, steps)
    for number, share in found:
        if next(steps, None) is None:
            return None
        if not share.beyond and (rest := _searched(groups[1:], flavors, {**shares, number: share}, steps)) is not None:
            return rest
    return None


def _grouped(sets: Sequence[PodSet]) -> Iterator[list[PodSet]]:
    groups: dict[str, list[PodSet]] = {}
    for index, each in enumerate(sets):
        groups.setdefault(each.group or str(index), []).append(each)  # Group names are not numbers.
    yield from groups.values()


def _sum(sets: Sequence[PodSet]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for each in sets:
        for name, amount in each.amounts.items():
            found[name] = found[name] + amount if name in found else amount
    return found


def _key(subject: Object) -> str:
    return f"{subject.id.group} {subject.id.kind}"


@cache
def _table() -> PodSetsFile:
    return read(FilePath(__file__).with_name("pod_sets.yaml"), PodSetsFile)
