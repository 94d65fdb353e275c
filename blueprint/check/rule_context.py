"""The input of a rule: the rendered objects, the pods that they describe, and facts about the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from blueprint import promql
from blueprint.bundle.model import Object, Path, Taint
from blueprint.check.finding import value_at
from blueprint.check.node_labels import LabelValues
from blueprint.check.rule import Capability
from blueprint.check.workloads import containers
from blueprint.diagnostics import Severity
from blueprint.effective.operator import EffectiveOperator
from blueprint.kubernetes.pod_templates import pod_kinds, pod_templates
from blueprint.records import Record, field

if TYPE_CHECKING:
    from blueprint.check.claims.dra_context import DraContext

GPU_PREFIX = "nvidia.com/"
_GPU_OPERATOR = "gpu-operator"
T = TypeVar("T")


class PoolOffer(Record):
    """One pool of GPU nodes: what pods can request from each node, how many pods share one unit, and the taints."""

    name: str
    offers: Mapping[str, int]
    shared: Mapping[str, int] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    refuses_many: bool = True
    """Whether the device plugin rejects pods that request more than one share."""
    mig_config: str | None = None
    """The name of the MIG manager configuration in the node label."""
    plugin_config: str | None = None
    """The name of the device plugin configuration in the node label."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the nodes, including those of the selector."""
    discovered: Mapping[str, LabelValues] = field(default_factory=dict)
    """Labels that GPU feature discovery sets on them, as far as known."""
    exact: bool = True
    """Whether this platform runs the device plugin there, so that it alone determines what the nodes offer."""
    gpus: int = 0
    """GPUs per node."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """The owners of `driver`, `toolkit` and `devicePlugin`: `operator`, `host` or `provider`."""
    modules: frozenset[str] = frozenset()
    """Kernel modules that are loaded in addition to the driver: `gds`, `gdrcopy`, `peermem`."""
    mps: bool = False
    """Whether pods share GPUs through MPS."""
    interfaces: Mapping[str, int] = field(default_factory=dict)
    """Network interfaces that pods get one by one, by resource."""
    mps_clients: int | None = None
    """The number of clients to which MPS is limited on an old architecture."""
    mig_layout: Any = None
    """How mig-parted partitions the GPUs: the entries of the configuration in the node label."""
    whole_gpus: bool = True
    """Whether each node has a GPU that is not partitioned."""
    mig_strategy: str | None = None
    """The MIG strategy under which the nodes offer the resources in `offers`; None if the GPUs are not partitioned."""
    profiled: bool = True
    """Whether DCGM can profile the GPUs."""
    claimed: bool = False
    """Whether pods claim the GPUs, so that the nodes offer no extended resource for them."""
    unified_memory: bool = False
    """Whether the GPUs have no memory of their own, so that the nodes have no label `nvidia.com/gpu.memory`."""
    nodes: int | None = None
    """The most nodes that it may have, if known."""
    runtime_class: str | None = None
    """The RuntimeClass that pods must name to get GPUs."""
    sharing: Any = None
    """The section `sharing` of the device plugin configuration in the node label."""
    kubelet_root: str | None = None
    """The kubelet's directory on the nodes; None if unknown."""


class DeclaredPrometheus(Record):
    """The Prometheus that a blueprint declares, which is not among the objects: the labels by which it selects."""

    monitors: Mapping[str, str]
    rules: Mapping[str, str]


class DescribedPod(Record, dict=True):
    """A pod that an object describes.

    Attributes:
        subject: The object.
        path: The path of its pod specification.
        spec: The specification.
        number: The number of such pods, as far as declared.
        container: A field of the specification that is a container outside of the list.
        completed: What others may add: `image`, `resources`, `volumes`.
    """

    subject: Object
    path: Path
    spec: Mapping[str, Any]
    number: int = 1
    container: str | None = None
    completed: tuple[str, ...] = ()

    @cached_property
    def containers(self) -> tuple[tuple[Path, Mapping[str, Any]], ...]:
        """All containers with their paths."""
        return tuple(containers(self.path, self.spec, self.container))

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata with its labels and annotations, which is next to the specification."""
        return mapping(value_at(self.subject.data, (*self.path[:-1], "metadata")))

    @cached_property
    def requests(self) -> tuple[tuple[Path, str, Any], ...]:
        """The NVIDIA resources that it requests: the path, the resource name, the amount."""
        return tuple(
            ((*path, "resources", part, name), name, amount)
            for path, container in self.containers
            for part in ("limits", "requests")
            for name, amount in mapping(mapping(container.get("resources")).get(part)).items()
            if isinstance(name, str) and name.startswith(GPU_PREFIX)
        )


class PlatformFacts(Protocol):
    """The facts about the platform that rules need."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The available capabilities; rules that need others do not run."""

    @property
    def pools(self) -> tuple[PoolOffer, ...]:
        """The pools with GPUs."""

    @property
    def dra(self) -> DraContext | None:
        """The devices and features that the platform offers to claims; None if unknown."""

    @property
    def uses_claims(self) -> bool:
        """Whether pods claim this platform's devices instead of requesting a number of them."""

    @property
    def prometheus(self) -> DeclaredPrometheus | None:
        """The Prometheus that scrapes; None if unknown."""


class NoPlatform(Record):
    """An unknown platform, except for what the caller specifies."""

    capabilities: frozenset[Capability] = frozenset()
    pools: tuple[PoolOffer, ...] = ()
    dra: DraContext | None = None
    uses_claims: bool = False
    prometheus: DeclaredPrometheus | None = None


class RuleContext:
    """The input of a rule: all rendered objects, indexed once, and the facts about the platform."""

    def __init__(self, objects: Iterable[Object], facts: PlatformFacts) -> None:
        self.kinds: dict[str, list[Object]] = {}
        for each in objects:
            self.kinds.setdefault(each.data["kind"], []).append(each)
        self._facts = facts
        self._named: dict[tuple[str, str], dict[str, dict[str, Object]]] = {}
        self._alike: dict[str, dict[str, list[Object]]] = {}
        self._made: dict[Callable[[RuleContext], Any], Any] = {}
        self._omissions: list[str] = []

    def objects_of_kind(self, kind: str) -> list[Object]:
        """The objects of a kind."""
        return self.kinds.get(kind, [])

    def named(self, group: str, kind: str, namespace: str = "") -> Mapping[str, Object]:
        """The objects of a kind in a namespace, by name. Indexed once, for kinds with many objects."""
        if (group, kind) not in self._named:
            index = self._named.setdefault((group, kind), {})
            for each in self.objects_of_kind(kind):
                if each.id.group == group:
                    index.setdefault(each.id.namespace, {})[each.id.name] = each
        return self._named[group, kind].get(namespace, {})

    def once(self, make: Callable[[RuleContext], T]) -> T:
        """The result of a function of the context, computed on first use and cached for all objects."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def omit(self, reason: str) -> None:
        """Record that the rule that is running does not compare everything, and why. The runner reports it."""
        self._omissions.append(reason)

    def take_omissions(self) -> list[str]:
        """The reasons since the last call."""
        found, self._omissions = self._omissions, []
        return found

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """The object with that name; without a namespace, the first one."""
        if kind not in self._alike:
            index = self._alike.setdefault(kind, {})
            for each in self.objects_of_kind(kind):
                index.setdefault(each.id.name, []).append(each)
        same = self._alike[kind].get(name, ())
        return next((each for each in same if namespace in ("", each.id.namespace)), None)

    @cached_property
    def pods(self) -> tuple[DescribedPod, ...]:
        """The pods of every workload."""
        return tuple(chain.from_iterable(self._pods_by_object.values()))

    def pods_of(self, subject: Object) -> tuple[DescribedPod, ...]:
        """The pods that an object of the context describes."""
        return self._pods_by_object.get(id(subject), ())

    @cached_property
    def _pods_by_object(self) -> dict[int, tuple[DescribedPod, ...]]:
        describing = (each for kind in self.kinds if kind in pod_kinds() for each in self.kinds[kind])
        return {id(each): tuple(described_pods(each)) for each in describing}

    @cached_property
    def operator(self) -> EffectiveOperator:
        """The GPU Operator, as configured by the objects."""
        return EffectiveOperator(each for objects in self.kinds.values() for each in objects)

    def pools_of_driver(self, driver: Object) -> list[PoolOffer]:
        """The pools whose nodes get this NVIDIADriver."""
        return self._pools_by_driver.get(id(driver), [])

    @cached_property
    def _pools_by_driver(self) -> dict[int, list[PoolOffer]]:
        found: dict[int, list[PoolOffer]] = {}
        for pool in self.pools:
            if section := self.operator.driver_of(pool.labels).section:
                found.setdefault(id(section.subject), []).append(pool)
        return found

    @property
    def cluster_policy(self) -> Object | None:
        """The ClusterPolicy; the platform's own takes precedence over that of a user."""
        return self.operator.cluster_policy

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        """The available capabilities; rules that need others do not run. PROMQL depends on the installed packages."""
        return _with_promql(self._facts.capabilities)

    @property
    def pools(self) -> tuple[PoolOffer, ...]:
        """The pools with GPUs."""
        return self._facts.pools

    @cached_property
    def counted_pools(self) -> tuple[PoolOffer, ...]:
        """The pools whose nodes offer GPUs as an extended resource; those of other pools are claimed."""
        return tuple(pool for pool in self.pools if not pool.claimed)

    @property
    def dra(self) -> DraContext | None:
        """The devices and features that the platform offers to claims; None if unknown."""
        return self._facts.dra

    @property
    def uses_claims(self) -> bool:
        """Whether pods claim the devices of one of this platform's pools instead of requesting a number of them."""
        return self._facts.uses_claims

    @property
    def prometheus(self) -> DeclaredPrometheus | None:
        """The Prometheus that the blueprint declares; None if unknown."""
        return self._facts.prometheus

    @cached_property
    def operator_namespace(self) -> str:
        """The namespace in which the GPU Operator looks up references of the ClusterPolicy."""
        found = self.find("Deployment", _GPU_OPERATOR) or self.subscription_of(_GPU_OPERATOR)
        return found.id.namespace if found else _GPU_OPERATOR

    def subscription_of(self, component: str) -> Object | None:
        """The Subscription that installs a component through the Operator Lifecycle Manager."""
        return next((each for each in self.objects_of_kind("Subscription") if each.component == component), None)

    def cluster_policy_value(self, *path: str) -> Any:
        """A value of the ClusterPolicy, or None."""
        return inside(self.cluster_policy.data, "spec", *path) if self.cluster_policy else None


def _with_promql(known: frozenset[Capability]) -> frozenset[Capability]:
    return known | {Capability.PROMQL} if promql.is_available() else known - {Capability.PROMQL}


def severity_across_files(one: Object, other: Object, context: RuleContext) -> Severity | None:
    """The severity, unless it is the default, of two objects being incompatible.

    Objects of one file, of a blueprint or of a complete input are applied together. The files of a folder may be
    examples, of which only one is applied.
    """
    if context.capabilities & {Capability.BLUEPRINT, Capability.COMPLETE}:
        return None
    places = (each.origin(("metadata",)) for each in (one, other))
    files = {place.template.file for place in places if place}
    return Severity.NOTE if len(files) > 1 else None


def by_hand(subject: Object, *path: str) -> bool:
    """Whether a user wrote this value, in a manifest or a patch. Values that we derive need no check."""
    return subject.by_hand(path)


def described_pods(subject: Object) -> Iterator[DescribedPod]:
    """The pods that an object describes, one for each template."""
    for found in pod_templates(subject.data):
        yield DescribedPod(subject, found.path, found.spec, found.number, found.container, found.completed)


def mapping(value: Any) -> Mapping[Any, Any]:
    """The value if it is a mapping, otherwise an empty one."""
    if isinstance(value, dict):  # Checking for Mapping takes ten times as long.
        return value
    return value if value is not None and isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """The value if it is a list, otherwise an empty one."""
    return value if isinstance(value, list) else []


def inside(value: Any, *path: str) -> Any:
    """The value at the path, or None."""
    for step in path:
        value = (value if type(value) is dict else mapping(value)).get(step)
        if value is None:
            return None
    return value


def tolerates(tolerations: Any, taint: Taint) -> bool:
    """Whether one of the tolerations matches the taint."""
    return taint.effect == "PreferNoSchedule" or any(_tolerates(mapping(each), taint) for each in items(tolerations))


def _tolerates(toleration: Mapping[Any, Any], taint: Taint) -> bool:
    if toleration.get("effect") not in (None, "", taint.effect):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.key)
    return toleration.get("key") == taint.key and (toleration.get("value") or "") == taint.value
