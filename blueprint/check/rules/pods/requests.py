"""Resource requests of pods, compared with what the pools offer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.check.common.device_plugins import OF_HAMI, OF_NVIDIA, is_decided_here
from blueprint.check.common.kueue import added_tolerations
from blueprint.check.finding import ObjectFinding
from blueprint.check.node_demands import as_admitted, may_run
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import (
    GPU_PREFIX,
    DescribedPod,
    PoolOffer,
    RuleContext,
    inside,
    items,
    mapping,
    tolerates,
)
from blueprint.check.rules.pods.claims import claimed_sorts
from blueprint.diagnostics import Severity, define, nearest
from blueprint.source.paths import format_path
from blueprint.units import as_count

REQUEST_FORM = define("BP6101", "gpu-request-form", page=__file__)
NOT_OFFERED = define("BP6102", "resource-not-offered", page=__file__)
TOO_MANY = define("BP6103", "more-than-a-node-has", page=__file__)
SHARES_ADD_NOTHING = define("BP6104", "several-shares", page=__file__)
NOT_TOLERATED = define("BP6105", "gpu-taint-not-tolerated", page=__file__, severity=Severity.WARNING)
BY_OTHERS = define("BP6470", "offered-by-others", page=__file__, severity=Severity.NOTE)
_SHARED = ".shared"


@rule(REQUEST_FORM, tags=("scheduling",))
def form(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Fractions, requests without limits, and requests that differ from limits."""
    for path, container in pod.containers:
        parts = mapping(container.get("resources"))
        limits, requests = mapping(parts.get("limits")), mapping(parts.get("requests"))
        for part, amounts in (("limits", limits), ("requests", requests)):
            for name, amount in amounts.items():
                at = (*path, "resources", part, name)
                if str(name).startswith("nvidia.com/") and not re.fullmatch(r"[0-9]+k?", str(amount)):
                    help_ = "request whole GPUs; pods share one through MIG or time-slicing (gpu.mig, gpu.sharing)"
                    text = f"{_field(pod, at)} is {amount}, but devices are requested in whole numbers"
                    yield ObjectFinding(REQUEST_FORM, at, text, help_)
                elif str(name).startswith("nvidia.com/") and str(limits.get(name)) != str(amount):
                    limit = f"its limit is {limits[name]}" if name in limits else "there is no limit"
                    text = f"{_field(pod, at)} is {amount}, but {limit}"
                    yield ObjectFinding(REQUEST_FORM, at, text, "set only limits; requests default to them")


@rule(BY_OTHERS, NOT_OFFERED, SHARES_ADD_NOTHING, TOO_MANY, tags=("scheduling",), needs=(Capability.POOLS,))
def offered(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Resources that no pool offers, or not in this quantity."""
    if not context.counted_pools:
        return
    passed_through = (*_passed_through(context), *_claimed_by_the_scheduler(context))
    for path, name, amount in _limits(pod):
        most = context.once(_most_offered).get(name, 0)
        if not most and any(re.fullmatch(pattern, name) for pattern in passed_through):
            continue  # the number per node is unknown
        number = as_count(amount)
        if not most:
            yield _not_offered(pod, path, name, context)
        elif number and number > most:
            yield _too_many(pod, path, name, number, most, context)
        elif number and number > 1:
            yield from _several(pod, path, name, number, context)


@rule(TOO_MANY, tags=("scheduling", "network"), needs=(Capability.POOLS,))
def interfaces(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """More network interfaces than any node has."""
    for path, container in pod.containers:
        for name, amount in mapping(mapping(container.get("resources")).get("limits")).items():
            most, number = context.once(_most_interfaces).get(name, 0), as_count(amount)
            if most and number and number > most:
                yield _too_many(pod, (*path, "resources", "limits", name), name, number, most, context)


def _most_offered(context: RuleContext) -> Mapping[str, int]:
    """The highest number that a node offers of each resource."""
    return _highest(pool.offers for pool in context.counted_pools)


def _most_interfaces(context: RuleContext) -> Mapping[str, int]:
    """The highest number of network interfaces that a node has, by resource."""
    return _highest(pool.interfaces for pool in context.pools)


def _highest(numbers: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for each in numbers:
        found.update((name, number) for name, number in each.items() if number > found.get(name, 0))
    return found


def _not_offered(pod: DescribedPod, path: Any, name: str, context: RuleContext) -> ObjectFinding:
    there = sorted({name for pool in context.counted_pools for name in pool.offers})
    near = None if OF_HAMI.fullmatch(name) else _instead(name, there)
    if is_decided_here(context) if OF_NVIDIA.fullmatch(name) else near:
        text = f"{_field(pod, path)}: no pool's nodes offer {name}"
        help_ = f"the pools offer {', '.join(there)}" + (f"; did you mean {near}?" if near else "")
        return ObjectFinding(NOT_OFFERED, path, text, help_)
    text = f"{_field(pod, path)}: another vendor's device plugin determines whether nodes offer {name}"
    return ObjectFinding(BY_OTHERS, path, text, f"the pools offer {', '.join(there)}")


def _too_many(pod: DescribedPod, path: Any, name: str, number: int, most: int, context: RuleContext) -> ObjectFinding:
    if is_decided_here(context):
        return ObjectFinding(TOO_MANY, path, f"{_field(pod, path)} is {number}, but no node has more than {most}",
                         f"request at most {most}")  # fmt: skip
    text = f"{_field(pod, path)} is {number}: another vendor's device plugin determines whether nodes offer this many"
    return ObjectFinding(BY_OTHERS, path, text, f"the pools offer {most} of {name}")


def _passed_through(context: RuleContext) -> Iterator[str]:
    """Patterns for the resources of nodes that run virtual machines; with an empty alias each model has its own
    name.
    """
    if context.cluster_policy_value("sandboxWorkloads", "enabled") is not True:
        return
    env = map(mapping, items(context.cluster_policy_value("kataSandboxDevicePlugin", "env")))
    values = {each.get("name"): str(each.get("value", "")) for each in env}
    for variable, usual in (("P_GPU_ALIAS", "pgpu"), ("NVSWITCH_ALIAS", "nvswitch")):
        alias = values.get(variable, usual)
        yield r"nvidia\.com/" + (re.escape(alias) if alias else "[A-Z][A-Za-z0-9._-]*")


def _claimed_by_the_scheduler(context: RuleContext) -> Iterator[str]:
    """Names of resources for which the scheduler creates claims, if pods claim the GPUs of some pool."""
    classes = context.objects_of_kind("DeviceClass") if context.uses_claims else ()
    named = (inside(each.data, "spec", "extendedResourceName") for each in classes)
    return (re.escape(name) for name in named if isinstance(name, str))


def _several(pod: DescribedPod, path: Any, name: str, number: int, context: RuleContext) -> Iterator[ObjectFinding]:
    offering = [pool for pool in context.counted_pools if name in pool.offers]
    if is_decided_here(context) and all(name in pool.shared for pool in offering):
        refused = all(pool.refuses_many for pool in offering)
        end = "the device plugin rejects that" if refused else "they provide no more compute than one"
        text = f"{_field(pod, path)} requests {number} shares, but {end}"
        yield ObjectFinding(SHARES_ADD_NOTHING, path, text, "request 1", None if refused else Severity.WARNING)


@rule(NOT_TOLERATED, tags=("scheduling",), needs=(Capability.POOLS,))
def taints(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Taints of the nodes with the requested or claimed devices that the pod does not tolerate."""
    pod = as_admitted(pod, context)
    tolerations = [*items(pod.spec.get("tolerations")), *added_tolerations(pod.subject, context)]
    for path, having in _having(pod, context):
        pools = [pool for pool in having if may_run(pod, pool, context.pools)]
        repelled = [taint for pool in pools if (taint := _repelling_taint(tolerations, pool))]
        if pools and len(repelled) == len(pools):
            taint = repelled[0]
            text = f"{_field(pod, path)}: all suitable nodes have the taint {taint}, which the pod does not tolerate"
            help_ = f"add tolerations: [{{key: {taint.partition(':')[0]}, operator: Exists}}]"
            yield ObjectFinding(NOT_TOLERATED, path, text, help_)
            return


def _having(pod: DescribedPod, context: RuleContext) -> Iterator[tuple[Any, list[PoolOffer]]]:
    """The resources that the pod requests or claims, and the pools whose nodes have them."""
    for path, name, amount in _limits(pod):
        number = as_count(amount) or 1
        yield path, [pool for pool in context.pools if pool.offers.get(name, 0) >= number]
    if claimed_sorts(pod, context) & {"gpu", "mig", "vfio"}:
        yield (*pod.path, "resourceClaims"), [pool for pool in context.pools if pool.claimed]


def _repelling_taint(tolerations: list[Any], pool: PoolOffer) -> str | None:
    found = (taint for taint in pool.taints if not tolerates(tolerations, taint))
    return next((f"{taint.key}:{taint.effect}" for taint in found), None)


def _limits(pod: DescribedPod) -> Iterator[tuple[Any, str, Any]]:
    return ((path, name, amount) for path, name, amount in pod.requests if path[-2] == "limits" and str(amount) != "0")


def _field(pod: DescribedPod, path: Any) -> str:
    return format_path(path, pod.subject.data)


def _instead(name: str, there: list[str]) -> str | None:
    alike = [name + _SHARED, name.removesuffix(_SHARED)]
    known = next((each for each in alike if each in there), None)
    near = nearest(name.removeprefix(GPU_PREFIX), [each.removeprefix(GPU_PREFIX) for each in there])
    return known or (GPU_PREFIX + near if near else None)


RULES = (form, interfaces, offered, taints)
