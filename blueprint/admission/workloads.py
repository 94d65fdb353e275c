"""Checks all workloads in a list of manifests against a platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from blueprint.admission.counted import Counted
from blueprint.admission.engines import of_engine, shard_of
from blueprint.admission.gpu_shares import GpuShare, SharedGpus, share_of
from blueprint.admission.kueue_groups import as_sets, by_workload, group_name, priorities_named
from blueprint.admission.model import Fit, PoolAnswer, WorkloadAnswer
from blueprint.admission.pod_groups import PodGroup, pod_group
from blueprint.admission.pods import NodesOfPool, claims_answer, pool_answer, refused_amount, requested_devices
from blueprint.admission.quotas import Quotas
from blueprint.admission.together import (
    PodSet,
    Whole,
    first_uncounted,
    group_of,
    is_together,
    name_of,
    placed,
    workloads_of,
)
from blueprint.allocation.claims import read_class
from blueprint.allocation.prove import Prover
from blueprint.bundle.model import Object, Path
from blueprint.cel.devices import is_available
from blueprint.check.claims.model import CLASS
from blueprint.check.claims.proofs import claim_of_object, classes_of
from blueprint.check.common.containers import GPU
from blueprint.check.node_demands import as_admitted
from blueprint.check.rule_context import DescribedPod, PlatformFacts, RuleContext, items, mapping
from blueprint.kubernetes.pod_templates import assembled_pod
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.queueing.sharing import gpus_shared_by_kai
from blueprint.platform.tenants.model import Tenant
from blueprint.records import Record, replace
from blueprint.rule_facts.predicted import predicted_groups

_KINDS = (("resourceClaimTemplateName", "ResourceClaimTemplate"), ("resourceClaimName", "ResourceClaim"))
_CLAIMS = tuple(kind for _, kind in _KINDS)
_BESIDE = (*_CLAIMS, CLASS, "RuntimeClass")
"""Kinds that affect what pods of other objects request."""
_Shapes = dict[tuple[Any, ...], "_OfShape"]


class Admission:
    """A platform against which workloads are checked.

    Args:
        platform: The resolved platform.
        facts: The facts about the platform that rules use.
        rendered: The objects of its bundle. Their DeviceClasses and claims exist in addition to those of users.
        tenant: The tenant whose quota the workloads use; if None, their namespaces determine it.
    """

    def __init__(
        self, platform: Platform, facts: PlatformFacts, rendered: Sequence[Object], tenant: str | None = None
    ) -> None:
        self._quotas = Quotas(platform, tenant)
        # Where pods claim GPUs, no device plugin offers anything.
        offers = {each.name: replace(each, offers={}) if each.claimed else each for each in facts.pools}
        groups = predicted_groups(platform)
        machines = {pool.name: pool.hardware.machine for pool in platform.pools}
        cards = {pool.name: _cards(pool) for pool in platform.pools}
        shared = {pool.name: _shared(pool, platform) for pool in platform.pools}
        self._nodes = [
            NodesOfPool(offers[name], each, machines[name], cards[name], shared[name])
            for each in groups
            for name in (each.name,)
        ]
        kai = platform.queueing.kai if platform.queueing else None
        self._classes = kai.classes if kai else {}
        self._facts, self._rendered = facts, tuple(each for each in rendered if each.id.kind in _BESIDE)
        self._prepared: tuple[Prover | None, _Shapes] | None = None
        self._minor = platform.cluster.kubernetes_minor
        self._counted = Counted(platform)

    def results(self, objects: Sequence[Object]) -> Iterator[WorkloadAnswer]:
        """The result for every pod that requests devices, and for every claim that no pod refers to."""
        everything = RuleContext((*objects, *self._rendered), self._facts)
        prover, shapes = self._provided(objects, everything)
        used: set[int] = set()
        around = _Around(everything, prover, used, shapes)
        mine = {id(each) for each in objects}
        described = (pod for pod in everything.pods if id(pod.subject) in mine)
        for found in by_workload((*described, *_assembled(objects))):
            pods = [as_admitted(pod, everything) for pod in found]
            sets = as_sets(pods, lambda pod: _shape(pod, share_of(pod))) if group_name(pods[0]) else pods
            yield from self._of_object(sets, around)
        for kind in _CLAIMS:
            for each in everything.objects_of_kind(kind):
                if id(each) in mine and id(each) not in used:
                    claim = [claim_of_object(each)]
                    results = tuple(claims_answer(claim, nodes.group, prover) for nodes in self._nodes)
                    yield _answer(each, (), 1, results)

    def _provided(self, objects: Sequence[Object], everything: RuleContext) -> tuple[Prover | None, _Shapes]:
        """The prover for claims and the cache of evaluated pods, shared by all objects that define no classes or
        claims.
        """
        if any(each.id.kind in _BESIDE for each in objects):
            return self._prover(everything), {}
        if self._prepared is None:
            self._prepared = self._prover(everything), {}
        return self._prepared

    def _prover(self, everything: RuleContext) -> Prover | None:
        if not is_available():
            return None
        written = [read_class(each.data) for each in everything.objects_of_kind(CLASS)]
        classes = classes_of(self._facts.dra.devices, written) if self._facts.dra else written
        return Prover([each.group for each in self._nodes], classes, self._minor)

    def _of_object(self, pods: Sequence[DescribedPod], around: _Around) -> Iterator[WorkloadAnswer]:
        """The answer for each pod set that requests devices, including the result for all sets together."""
        subject = pods[0].subject
        wanted = [
            bool(each.spec.get("resourceClaims") or requested_devices(each) or share_of(each) or refused_amount(each))
            for each in pods
        ]
        if not any(wanted):
            return
        several = len(pods) > 1
        group = pod_group(pods, {**self._classes, **_written_classes(around.everything)})
        found = [
            self._of_pod(pod, around, group, size)
            for pod, shown, size in zip(pods, wanted, group.sizes, strict=True)
            if shown or several
        ]
        workloads = workloads_of(subject)
        remark = self._quotas.remark(subject.id.namespace)
        whole = self._whole(found, workloads, group) if several else None
        for each in found:
            if each.requests_devices:
                name = name_of(each.pod) if several else ""
                answer = replace(each.answer, subject=subject, workloads=workloads, remark=remark)
                yield replace(answer, set_name=name, whole=whole)

    def _whole(self, found: Sequence[_OfPod], workloads: int, group: PodGroup) -> Whole | None:
        """The result for all pod sets of a workload; None if no queue admits them together, or one of them fails by
        itself.
        """
        tenant = self._quotas.tenant_of(found[0].pod.subject.id.namespace)
        shown = [replace(each.answer, workloads=workloads) for each in found if each.requests_devices]
        fitting = [pool for each in shown for pool in each.pools if pool.fit is Fit.FITS]
        if tenant is None or any(each.fit is not Fit.FITS for each in shown):
            return None
        of_kai = {each.pool for each in fitting if each.gang is not None}
        if len(of_kai) == 1 and group.as_one:
            sets = [each.as_gang() for each in found if each.gang]
            return placed(sets, [self._quotas.queue_of_kai(tenant, *of_kai, within_own=group.reason)])
        if of_kai or not (is_together(found[0].pod.subject) or group_name(found[0].pod)):
            return None
        sets, flavors = [each.as_set(workloads) for each in found if each.pod.number], self._quotas.flavors(tenant)
        whole = placed(sets, flavors)
        if group_name(found[0].pod):  # Kueue orders the pod sets of a pod group by a hash of their contents.
            return whole
        return replace(whole, uncounted=first_uncounted(sets, flavors, self._quotas.ignored))

    def _of_pod(self, pod: DescribedPod, around: _Around, group: PodGroup, size: int) -> _OfPod:
        sources: list[Object] = []
        missing = ""
        for each in map(mapping, items(pod.spec.get("resourceClaims"))):
            kind, name = next(((kind, str(each[key])) for key, kind in _KINDS if each.get(key)), ("", ""))
            found = around.everything.find(kind, name, pod.subject.id.namespace) if name else None
            if found is None:
                missing = missing or f"the {kind or 'claim'} {name} is in none of the files{self._counted.hint}"
            else:
                around.used.add(id(found))
                sources.append(found)
        tenant = self._quotas.tenant_of(pod.subject.id.namespace)
        if refused := refused_amount(pod) or self._above_cap(pod, tenant, around):
            return _OfPod(pod, WorkloadAnswer(pod.subject, pod.path, pod.number, problem=refused))
        if missing:
            return _OfPod(pod, WorkloadAnswer(pod.subject, pod.path, pod.number, unknown=missing))
        shape = self._of_shape(pod, sources, tenant, around)
        if shape.share:
            named = shard_of(pod)
            shard = next((each for each in self._nodes if each.group.name == named), None)
            amounts = _shared_amount(shape.share, shard) if shard else {}
            shape = replace(shape, amounts={**shape.amounts, **amounts})
        results = tuple(self._on_pool(each, pod, tenant, shape, group, size) for each in shape.pools)
        answer = _answer(pod.subject, pod.path, pod.number, results)
        answer = replace(answer, tenant=tenant.name) if tenant else answer
        return _OfPod(pod, answer, shape.amounts, bool(sources or shape.devices or shape.share), size)

    def _above_cap(self, pod: DescribedPod, tenant: Tenant | None, around: _Around) -> str:
        """The reason why its priority is rejected, or an empty string."""
        if not (names := priorities_named(pod)):
            return ""
        return self._quotas.above_cap(tenant, names, {**self._classes, **_written_classes(around.everything)})

    def _on_pool(
        self,
        answer: PoolAnswer,
        pod: DescribedPod,
        tenant: Tenant | None,
        shape: _OfShape,
        group: PodGroup,
        size: int,
    ) -> PoolAnswer:
        """The answer including the quota and the engine of the pool."""
        of_kai = self._quotas.waits_for_kai(answer.pool)
        limited = self._quotas.limited(
            answer,
            tenant,
            shape.amounts,
            within_own=group.reason if of_kai else "",
            refused="" if of_kai else shape.refused,
        )
        return of_engine(limited, pod, waits_for_kai=of_kai, tenant=tenant.name if tenant else None, gang=size)

    def _of_shape(
        self, pod: DescribedPod, sources: Sequence[Object], tenant: Tenant | None, around: _Around
    ) -> _OfShape:
        """The answer for the pod, ignoring quotas. Pods with the same requirements are evaluated once."""
        tolerated = tuple(self._quotas.tolerated(tenant, each.group.name) for each in self._nodes)
        share = share_of(pod)
        key = (_shape(pod, share), tuple(map(id, sources)), tolerated)
        if key not in around.shapes:
            claims = [claim_of_object(each) for each in sources]
            offers = [each.offer for each in self._nodes]
            found = (
                pool_answer(pod, claims, nodes, offers, around.prover, tolerated=free)
                for nodes, free in zip(self._nodes, tolerated, strict=True)
            )
            refused = self._counted.refused_by_kueue(sources, claims)
            amounts, devices = self._counted.amounts(pod, claims), bool(requested_devices(pod))
            around.shapes[key] = _OfShape(amounts, refused, tuple(found), devices=devices, share=share)
        return around.shapes[key]


class _Around(Record):
    """The objects that accompany the evaluated pods, and earlier results."""

    everything: RuleContext
    prover: Prover | None
    used: set[int]
    shapes: _Shapes


class _OfShape(Record):
    """The result for all pods with the same requirements.

    Attributes:
        amounts: The amounts that a queue charges for each pod, by resource.
        refused: Why Kueue admits none of them; empty if it does.
        pools: Where they fit, ignoring quotas.
        devices: Whether they request vendor resources.
        share: Their request for shared GPUs, or the reason why KAI rejects it.
    """

    amounts: Mapping[str, Fraction]
    refused: str
    pools: tuple[PoolAnswer, ...]
    devices: bool
    share: GpuShare | str | None


class _OfPod(Record):
    """The result for one pod set, and the request of each of its pods."""

    pod: DescribedPod
    answer: WorkloadAnswer
    amounts: Mapping[str, Fraction] = {}
    requests_devices: bool = True
    gang: int = 0

    def as_set(self, workloads: int) -> PodSet:
        """The pod set of one of several identical workloads."""
        pods = self.pod.number // workloads
        pools = frozenset(each.pool for each in self.answer.pools if each.fit is not Fit.NO)
        amounts = {name: amount * pods for name, amount in self.amounts.items()}
        return PodSet(name_of(self.pod), pods, amounts, pools, group_of(self.pod))

    def as_gang(self) -> PodSet:
        """The pods that KAI starts together."""
        return replace(
            self.as_set(1), pods=self.gang, amounts={name: amount * self.gang for name, amount in self.amounts.items()}
        )


def _shape(pod: DescribedPod, share: GpuShare | str | None) -> str:
    """A key for everything in a pod that determines where it fits."""
    placement = [pod.spec.get(each) for each in ("nodeSelector", "affinity", "tolerations", "overhead")]
    containers = [
        [(each.get("resources"), each.get("restartPolicy")) for each in map(mapping, items(pod.spec.get(part)))]
        for part in ("initContainers", "containers")
    ]
    return repr((placement, containers, share))


def _assembled(objects: Sequence[Object]) -> Iterator[DescribedPod]:
    """Pods that no object contains as a whole."""
    for each in objects:
        if found := assembled_pod(each.data):
            yield DescribedPod(each, found.path, found.spec, found.number)


def _written_classes(everything: RuleContext) -> dict[str, int]:
    """The values of the priority classes in the manifests, by name."""
    found = ((each.id.name, each.data.get("value")) for each in everything.objects_of_kind("PriorityClass"))
    return {name: value for name, value in found if isinstance(value, int)}


def _shared(pool: Pool, platform: Platform) -> SharedGpus | None:
    """The GPUs of each node of a pool that KAI shares."""
    count = gpus_shared_by_kai(pool, platform.queueing.kai if platform.queueing else None)
    if not count or not isinstance(pool, GpuPool):
        return None
    memory = pool.gpu.facts.memory_mib
    return SharedGpus(count, memory.value if memory else None)


def _shared_amount(share: GpuShare | str | None, nodes: NodesOfPool) -> dict[str, Fraction]:
    """The amounts that quotas count for a pod with fractional GPUs."""
    of_each = share.of_each(nodes.shared) if isinstance(share, GpuShare) and nodes.shared else None
    return {GPU: of_each * share.devices} if isinstance(share, GpuShare) and of_each is not None else {}


def _cards(pool: Pool) -> dict[str, int | None]:
    """The network adapters of each node, by resource."""
    network = pool.network
    if network is None or network.resource is None:
        return {}
    return {network.resource: None if network.shared else network.nics}


def _answer(subject: Object, path: Path, wanted: int, pools: tuple[PoolAnswer, ...]) -> WorkloadAnswer:
    """The answer for a workload. If an error on one pool's nodes stops the scheduler, it applies to all pools."""
    problem = next((each.reasons[0] for each in pools if each.stops), "")
    return WorkloadAnswer(subject, path, wanted, pools, problem)
