"""Checks one pod against the nodes of one pool: labels, taints, extended resources and device claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from blueprint.admission.gpu_shares import GpuShare, SharedGpus, pods_of_node, share_of
from blueprint.admission.model import Fit, PoolAnswer
from blueprint.allocation.claims import Claim
from blueprint.allocation.devices import NodeGroup
from blueprint.allocation.extended import claim_of, class_of, requested
from blueprint.allocation.prove import Prover
from blueprint.allocation.verdict import ClaimVerdict, Outcome
from blueprint.check.node_demands import may_run, meets, required_terms, selected_labels
from blueprint.check.rule_context import DescribedPod, PoolOffer, items, mapping, tolerates
from blueprint.records import Record
from blueprint.units import quantity_value

_KEEP_OUT = ("NoSchedule", "NoExecute")


class NodesOfPool(Record):
    """The nodes of a pool: the resources that they offer, and the devices that can be claimed on them."""

    offer: PoolOffer
    group: NodeGroup
    machine: Mapping[str, str] = {}
    """`cpu` and `memory` of each node, as far as declared. Reservations on the node are unknown."""
    cards: Mapping[str, int | None] = {}
    """The network adapters of each node, by resource; None if pods share them or their number is unknown."""
    shared: SharedGpus | None = None
    """The GPUs that KAI shares; None if it shares none."""


def pool_answer(
    pod: DescribedPod,
    claims: Sequence[Claim],
    nodes: NodesOfPool,
    every: Sequence[PoolOffer],
    prover: Prover | None,
    *,
    tolerated: bool = False,
) -> PoolAnswer:
    """The answer for a pod on the nodes of a pool.

    `prover` is None if claims cannot be proven. `tolerated`: a queue adds the required tolerations.
    """
    obstacles = list(_obstacles(pod, nodes.offer, every, tolerated=tolerated))
    amounts = requested_devices(pod)
    classes = list(prover.classes.values()) if prover else []
    claimed = {name for name in amounts if not nodes.offer.offers.get(name) and class_of(name, classes)}
    limits: list[int] = []
    for name, amount in amounts.items():
        if name not in claimed and nodes.cards.get(name, 0) is not None:
            there = nodes.cards.get(name) or nodes.offer.offers.get(name, 0)
            if reason := _too_few(name, amount, there, nodes.offer):
                obstacles.append(reason)
            limits.append(there // amount)
    for reason, number in (*_of_machine(pod, nodes), *_of_shares(pod, nodes)):
        obstacles += [reason] if reason else []
        limits.append(number)
    if obstacles:
        return PoolAnswer(nodes.group.name, nodes.group.nodes, Fit.NO, 0, tuple(obstacles))
    extended = claim_of(pod.spec, claimed, classes)
    together = [*claims, *([extended] if extended else [])]
    if _needs_memory_of_gpus(pod, nodes):
        reason = "the memory of its GPUs is unknown, so it is unknown how many pods with gpu-memory fit"
        return PoolAnswer(nodes.group.name, nodes.group.nodes, Fit.UNKNOWN, None, (reason,))
    if not together:
        return PoolAnswer(nodes.group.name, nodes.group.nodes, Fit.FITS, min(limits, default=None))
    return claims_answer(together, nodes.group, prover, limits)


def _of_machine(pod: DescribedPod, nodes: NodesOfPool) -> Iterator[tuple[str, int]]:
    """The number of pods with these requests that a node holds, for CPU and memory, and the reason if it holds none."""
    for name, wanted in machine_amounts(pod).items():
        if name in nodes.machine:
            of_node = quantity_value(nodes.machine[name])
            beyond = f"the pod requests more {name} than a node has ({nodes.machine[name]})"
            yield beyond if wanted > of_node else "", int(of_node // wanted)


def _of_shares(pod: DescribedPod, nodes: NodesOfPool) -> Iterator[tuple[str, int]]:
    """The number of pods with fractional GPUs that a node holds, and the reason if it holds none; nothing if the pod
    requests none, or if it is unknown.
    """
    share = share_of(pod)
    held = pods_of_node(share, nodes.shared) if isinstance(share, GpuShare) else share
    if held is not None:
        yield (held, 0) if isinstance(held, str) else ("", held)


def _needs_memory_of_gpus(pod: DescribedPod, nodes: NodesOfPool) -> bool:
    """Whether the pod requests GPU memory on nodes whose GPU memory is unknown."""
    share = share_of(pod)
    return isinstance(share, GpuShare) and nodes.shared is not None and share.of_each(nodes.shared) is None


def claims_answer(
    claims: Sequence[Claim], group: NodeGroup, prover: Prover | None, limits: Iterable[int] = ()
) -> PoolAnswer:
    """The answer for claims on the nodes of a pool. `limits`: the number of pods that the node's other resources
    allow.
    """
    if prover is None:
        reason = "claims were not examined, because the extra cel is not installed"
        return PoolAnswer(group.name, group.nodes, Fit.UNKNOWN, None, (reason,))
    if not group.devices and not group.unclear:
        reason = "no DRA driver publishes devices here"
        return PoolAnswer(group.name, group.nodes, Fit.NO, 0, (reason,))
    verdict = prover.prove(claims, [group])
    if verdict.outcome is Outcome.FITS:
        numbers = [*limits, *([] if verdict.at_once is None else [verdict.at_once // max(1, group.nodes)])]
        return PoolAnswer(group.name, group.nodes, Fit.FITS, min(numbers, default=None), verdict.notes)
    fit = Fit.UNKNOWN if verdict.outcome in (Outcome.UNKNOWN, Outcome.NO_CLASS) else Fit.NO
    number = 0 if fit is Fit.NO else None
    stops = verdict.outcome in (Outcome.ABORTS, Outcome.REFUSED)
    return PoolAnswer(group.name, group.nodes, fit, number, tuple(_words(verdict)), stops)


def _words(verdict: ClaimVerdict) -> Iterator[str]:
    yield verdict.reason
    for each in verdict.reasons:
        yield f"{each.number} {each.device}: {each.text}"


def _obstacles(pod: DescribedPod, offer: PoolOffer, every: Sequence[PoolOffer], *, tolerated: bool) -> Iterator[str]:
    """Labels that the nodes lack, and taints that the pod does not tolerate."""
    if not may_run(pod, offer, every):
        demands = (*selected_labels(pod), *(each for term in required_terms(pod) for each in term))
        unmet = dict.fromkeys(each.key for each in demands if not meets(offer, each, every))
        yield f"its nodes lack the selected labels: {', '.join(unmet)}"
    for taint in () if tolerated else offer.taints:
        if taint.effect in _KEEP_OUT and not tolerates(pod.spec.get("tolerations"), taint):
            value = f"={taint.value}" if taint.value else ""
            yield f"the taint {taint.key}{value}:{taint.effect} is not tolerated"


def machine_amounts(pod: DescribedPod) -> dict[str, Fraction]:
    """The CPU and memory that a pod requests, including its overhead. Limits count where requests are missing."""
    found: dict[str, Fraction] = {}
    for each in map(mapping, items(pod.spec.get("containers"))):
        resources = mapping(each.get("resources"))
        amounts = {**mapping(resources.get("limits")), **mapping(resources.get("requests"))}
        _add(found, amounts)
    _add(found, mapping(pod.spec.get("overhead")))
    return found


def _add(found: dict[str, Fraction], amounts: Mapping[str, Any]) -> None:
    for name in ("cpu", "memory"):
        try:
            amount = quantity_value(str(amounts.get(name, "0")))
        except ValueError:
            continue  # The schema check reports it.
        if amount > 0:
            found[name] = found.get(name, Fraction()) + amount


def requested_devices(pod: DescribedPod) -> dict[str, int]:
    """The vendor resources that a pod requests: the maximum over init containers, the sum over the other containers."""
    found: dict[str, int] = {}
    for each in map(mapping, items(pod.spec.get("containers"))):
        for name, amount in _extended(each):
            found[name] = found.get(name, 0) + amount
    for each in map(mapping, items(pod.spec.get("initContainers"))):
        for name, amount in _extended(each):
            found[name] = max(found.get(name, 0), amount)
    return found


def refused_amount(pod: DescribedPod) -> str:
    """The reason why the API server rejects the pod's request for a vendor resource, or an empty string."""
    for each in (mapping(each) for part in ("containers", "initContainers") for each in items(pod.spec.get(part))):
        resources = mapping(each.get("resources"))
        for name, amount in {**mapping(resources.get("limits")), **mapping(resources.get("requests"))}.items():
            if "/" in str(name) and not _is_whole(str(amount)):
                return f"{amount} of {name} are requested, but only whole numbers are allowed"
    return ""


def _is_whole(amount: str) -> bool:
    try:
        return amount.isdecimal() or quantity_value(amount).denominator == 1
    except ValueError:
        return False


def _extended(container: object) -> Iterator[tuple[str, int]]:
    for name, amount in requested(mapping(container)).items():
        if "/" in name and not name.startswith("kubernetes.io/") and amount:
            yield name, amount


def _too_few(name: str, amount: int, there: int, offer: PoolOffer) -> str:
    if there == 0:
        offered = ", ".join(sorted(offer.offers))
        return f"none of its nodes offers {name}" + (f"; they offer {offered}" if offered else "")
    if offer.refuses_many and name in offer.shared and amount > 1:
        return f"{name} is shared, and the device plugin rejects requests for more than one share"
    return f"{amount} of {name} are requested, but a node has only {there}" if amount > there else ""
