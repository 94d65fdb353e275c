"""Pods that claim devices, or request them by number although they must be claimed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import DescribedPod, PoolOffer, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define

NO_CLASS = define("BP6421", "resource-without-class", page=__file__)
DOMAIN_ELSEWHERE = define("BP6423", "compute-domain-elsewhere", page=__file__)
MIXED = define("BP6422", "containers-beside-machines", page=__file__, severity=Severity.WARNING)
_TEMPLATE = ("spec", "channel", "resourceClaimTemplate", "name")


@rule(NO_CLASS, tags=("dra",), needs=(Capability.CLAIMS,))
def by_number(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Extended resources without a DeviceClass."""
    if not context.uses_claims:
        return
    there = context.once(_known_resources)
    for path, name, amount in pod.requests:
        if path[-2] == "limits" and str(amount) != "0" and name not in there and name.startswith(_OF_GPUS):
            text = f"no DeviceClass maps {name}, and no device plugin offers it"
            help_ = "use resourceClaims, or add a DeviceClass with extendedResourceName"
            yield ObjectFinding(NO_CLASS, path, text, help_)


def _known_resources(context: RuleContext) -> frozenset[str]:
    """What DeviceClasses stand for, and what nodes offer by number."""
    classes = context.objects_of_kind("DeviceClass")
    offered = (name for pool in context.counted_pools for name in pool.offers)
    return frozenset((*(str(inside(each.data, "spec", "extendedResourceName")) for each in classes), *offered))


_OF_GPUS = ("nvidia.com/gpu", "nvidia.com/mig-")


@rule(DOMAIN_ELSEWHERE, tags=("dra",))
def elsewhere(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """A claim template that a ComputeDomain in another namespace creates."""
    home = pod.subject.id.namespace
    for path, name in _templates(pod) if home else ():
        domains = context.once(_domains).get(name, {})
        if domains and not {"", home} & domains.keys() and not context.find("ResourceClaimTemplate", name, home):
            other = next(iter(domains.values())).id
            text = f"the ComputeDomain {other.name} creates the template {name} in the namespace {other.namespace}"
            yield ObjectFinding(DOMAIN_ELSEWHERE, path, text, f"create a ComputeDomain in {home}")


def _domains(context: RuleContext) -> Mapping[str, Mapping[str, Object]]:
    """The first ComputeDomain of each namespace, by the name of its template."""
    found: dict[str, dict[str, Object]] = {}
    for each in context.objects_of_kind("ComputeDomain"):
        found.setdefault(str(inside(each.data, *_TEMPLATE)), {}).setdefault(each.id.namespace, each)
    return found


def _templates(pod: DescribedPod) -> Iterator[tuple[Path, str]]:
    for index, each in enumerate(map(mapping, items(pod.spec.get("resourceClaims")))):
        if isinstance(name := each.get("resourceClaimTemplateName"), str):
            yield (*pod.path, "resourceClaims", index, "resourceClaimTemplateName"), name


@rule(MIXED, tags=("dra",), needs=(Capability.CLAIMS,))
def mixed(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Virtual machines and containers that claim GPUs of the same pool."""
    dra = context.dra if pod.spec.get("resourceClaims") else None
    if dra is None or "PassthroughSupport" not in dra.open or "vfio" not in claimed_sorts(pod, context):
        return
    for pool in _pools(pod, context):
        if other := context.once(_for_containers).get(pool):
            text = f"claims GPUs for virtual machines in pool {pool}, as {other.subject.id} does for containers"
            yield ObjectFinding(
                MIXED, (*pod.path, "resourceClaims"), text, "use a nodeSelector to keep them in separate pools"
            )
            return


def _for_containers(context: RuleContext) -> Mapping[str, DescribedPod]:
    """The first pod that claims GPUs for containers, by the pools where it may run."""
    found: dict[str, DescribedPod] = {}
    for pod in context.pods:
        if claimed_sorts(pod, context) & {"gpu", "mig"}:
            for pool in _pools(pod, context):
                found.setdefault(pool, pod)
    return found


def claimed_sorts(pod: DescribedPod, context: RuleContext) -> set[str | None]:
    """The types of devices that a pod claims: `gpu`, `mig`, `vfio`, or None if the class does not determine it."""
    from blueprint.check.claims.model import requests_of, sort_of

    return {sort_of(each.of_class, context) for claim in _claims(pod, context) for each in requests_of(claim)}


def _claims(pod: DescribedPod, context: RuleContext) -> Iterator[Object]:
    home = pod.subject.id.namespace
    for each in map(mapping, items(pod.spec.get("resourceClaims"))):
        for key, kind in (
            ("resourceClaimTemplateName", "ResourceClaimTemplate"),
            ("resourceClaimName", "ResourceClaim"),
        ):
            found = context.find(kind, str(each.get(key)), home) if each.get(key) else None
            if found:
                yield found


def _pools(pod: DescribedPod, context: RuleContext) -> list[str]:
    """The pools on which a pod may run, according to its node selector."""
    wanted = mapping(pod.spec.get("nodeSelector")).items()
    return [pool.name for pool in context.pools if _admits(pool, wanted)]


def _admits(pool: PoolOffer, wanted: Iterable[tuple[str, str]]) -> bool:
    return all(pool.labels.get(key, value) == value for key, value in wanted)


RULES = (by_number, elsewhere, mixed)
