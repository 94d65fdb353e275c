"""The sets of pods that are one workload of their queue: which they are, and where it puts each of them.

As Kueue does it (`assignFlavors` in pkg/scheduler/flavorassigner, v0.19): one set after the other gets the first flavor
that its pods may have and whose quota suffices for it and the sets before it. If one gets none, Kueue tries again, and
each set that got a flavor begins with the next one (`LastTriedFlavorIdx` and `PendingFlavors`, v0.17). So it does not
try all choices. A set that no quota counts ends an attempt as if it had been the last one.
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
    """A kind whose sets of pods are one workload.

    Attributes:
        workloads: The field that says how many such workloads an object is; without, it is one.
    """

    workloads: Pattern | None = None


class PodSetsFile(CatalogueFile, kw_only=True):
    """The table.

    Attributes:
        together: The kinds.
        names: What a set is called by the field that describes it, where it is no item of a list or entry of a map.
    """

    together: Mapping[str, Together]
    names: Mapping[str, str]


class PodSet(Record):
    """Pods of one workload that are alike.

    Attributes:
        name: What the workload calls them.
        pods: How many there are.
        amounts: What all of them request, by resource.
        pools: The pools on whose nodes one of them fits.
        group: Sets that name the same group get the same flavor.
    """

    name: str
    pods: int
    amounts: Amounts
    pools: frozenset[str]
    group: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({counted(self.pods, 'pod')})"


class QuotaFlavor(Record):
    """Nodes of a pool that are an offer of their own.

    Attributes:
        pool: Its name.
        names: What quotas call each resource of it.
        obtainable: The most that the tenant can get, by that name.
    """

    pool: str
    names: Mapping[str, str]
    obtainable: Amounts

    def counted(self, amounts: Amounts) -> dict[str, Fraction]:
        """What quotas count of the amounts."""
        named = ((self.names.get(each, ""), amount) for each, amount in amounts.items())
        return {name: amount for name, amount in named if name in self.obtainable and amount}


class FlavorDemand(Record, dict=True):
    """What sets of a workload request of one flavor, by the names of quotas."""

    flavor: QuotaFlavor
    sets: tuple[PodSet, ...]

    @cached_property
    def amounts(self) -> dict[str, Fraction]:
        """All of them together."""
        return self.flavor.counted(_sum(self.sets))

    @cached_property
    def beyond(self) -> list[str]:
        """Of what the tenant cannot get as much."""
        return [name for name, amount in self.amounts.items() if amount > self.flavor.obtainable[name]]


class Whole(Record):
    """What comes of all sets of a workload.

    Attributes:
        shares: What is requested of each flavor.
        lacking: What would be requested for the set that gets no flavor, where there is one.
        otherwise: Where sets would have to go instead, so that all get a flavor.
        uncounted: A set that no quota counts, where the queue looks at none of the sets after it.
    """

    shares: tuple[FlavorDemand, ...]
    lacking: tuple[FlavorDemand, ...] = ()
    otherwise: tuple[FlavorDemand, ...] = ()
    uncounted: PodSet | None = None

    @property
    def is_admitted(self) -> bool:
        """Whether its queue ever admits it."""
        return not self.lacking and self.uncounted is None


def is_together(subject: Object) -> bool:
    """Whether all sets of pods of an object are one workload."""
    return _key(subject) in _table().together


def workloads_of(subject: Object) -> int:
    """As how many workloads an object is admitted, each with its share of the pods."""
    how = _table().together.get(_key(subject))
    number = inside(subject.data, *how.workloads.split(".")) if how and how.workloads else 1
    return number if isinstance(number, int) and number > 0 else 1


def name_of(pod: DescribedPod) -> str:
    """What a workload calls a set of its pods."""
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
    """The group of sets that the pod's set is in; empty where it names none."""
    return str(mapping(pod_metadata(pod).get("annotations")).get(_GROUP) or "")


def placed(sets: Sequence[PodSet], flavors: Sequence[QuotaFlavor]) -> Whole:
    """Where the queue puts each set while nothing else uses quota: the first attempt that suffices for all.

    Of a workload that is never admitted the first attempt is reported.
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
    """The set after which the queue looks at no other, so that it never admits the workload; None where there is none.

    It requests something, and nothing that a quota of the tenant counts (v0.19.2, `atLeastOnePodsAssignmentFailed`).
    `ignored` are resources that Kueue leaves out of requests. A namespace's LimitRange lets all pods request processors
    and memory.
    """
    counted = {name for flavor in flavors for name in flavor.names}
    for group in [*_grouped(sets)][:-1]:
        for each in group:
            requested = {*NODE_RESOURCES, *(name for name, amount in each.amounts.items() if amount)} - {*ignored}
            if requested and not requested & counted:
                return each
    return None


def _attempts(groups: Sequence[Sequence[PodSet]], flavors: Sequence[QuotaFlavor]) -> Iterator[_Attempt]:
    """One attempt after the other, until one suffices, or no set has a flavor left to try or all begin as before."""
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
    """One attempt: what is requested of each flavor, which one each group got, and what the next would request."""

    shares: dict[int, FlavorDemand]
    chosen: dict[int, int]
    lacking: tuple[FlavorDemand, ...] = ()


def _attempt(groups: Sequence[Sequence[PodSet]], flavors: Sequence[QuotaFlavor], starts: Mapping[int, int]) -> _Attempt:
    """Each group gets the first flavor, from its start on, that suffices for it and the groups before it."""
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
    """For each flavor that the sets may have, what would be requested of it. Nothing, where no quota counts them."""
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
    """Flavors that suffice for all; None where there are none, or the search takes too long."""
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
        groups.setdefault(each.group or str(index), []).append(each)  # names of groups are no numbers
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
