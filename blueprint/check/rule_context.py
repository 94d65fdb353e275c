"""What a rule gets: the rendered objects, the pods that they describe, facts of the platform."""

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
from blueprint.diagnostics import Severity, Suggestions
from blueprint.effective.operator import EffectiveOperator
from blueprint.kubernetes.pod_templates import pod_kinds, pod_templates
from blueprint.records import Record, field

if TYPE_CHECKING:
    from blueprint.check.claims.dra_context import DraContext

GPU_PREFIX = "nvidia.com/"
_GPU_OPERATOR = "gpu-operator"
T = TypeVar("T")


class PoolOffer(Record):
    """One pool of GPU nodes: what a pod can ask each node for, how many pods share one unit, what keeps pods away."""

    name: str
    offers: Mapping[str, int]
    shared: Mapping[str, int] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    refuses_many: bool = True
    """Whether the device plugin refuses pods that request more than one share."""
    mig_config: str | None = None
    """Which configuration of the MIG manager's file the nodes' label names."""
    plugin_config: str | None = None
    """Which configuration of the device plugin the nodes' label names."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that the nodes carry, the selector's among them."""
    discovered: Mapping[str, LabelValues] = field(default_factory=dict)
    """What labels of GPU feature discovery are on them, as far as that is known."""
    exact: bool = True
    """Whether this platform runs the device plugin there, so that nothing else decides what the nodes offer."""
    gpus: int = 0
    """GPUs of each node."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Who brings `driver`, `toolkit` and `devicePlugin`: `operator`, `host` or `provider`."""
    modules: frozenset[str] = frozenset()
    """Kernel modules that are loaded beside the driver: `gds`, `gdrcopy`, `peermem`."""
    mps: bool = False
    """Whether pods share GPUs by MPS."""
    mig_layout: Any = None
    """How mig-parted is to partition the GPUs: the entries of the configuration that the label names."""
    whole_gpus: bool = True
    """Whether each node has a GPU that is not partitioned."""
    mig_strategy: str | None = None
    """The MIG strategy under which the nodes offer what is in `offers`; None where the GPUs stay whole."""
    profiled: bool = True
    """Whether DCGM can profile the GPUs."""
    claimed: bool = False
    """Whether pods claim the GPUs, so that the nodes offer no number of them."""
    sharing: Any = None
    """The section `sharing` of the device plugin's configuration that the label names."""


class DeclaredPrometheus(Record):
    """The Prometheus that a blueprint declares, which is not among the objects: the labels by which it selects."""

    monitors: Mapping[str, str]
    rules: Mapping[str, str]


class DescribedPod(Record, dict=True):
    """A pod that some object describes.

    Attributes:
        subject: The object.
        path: Where its pod specification stands.
        spec: The specification.
        number: How many such pods there are to be, as far as the object says.
        container: A field of the specification that is a container beside those of the list.
    """

    subject: Object
    path: Path
    spec: Mapping[str, Any]
    number: int = 1
    container: str | None = None

    @cached_property
    def containers(self) -> tuple[tuple[Path, Mapping[str, Any]], ...]:
        """Every container with its path."""
        return tuple(containers(self.path, self.spec, self.container))

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """Its labels and annotations, which stand beside the specification."""
        return mapping(value_at(self.subject.data, (*self.path[:-1], "metadata")))

    @cached_property
    def requests(self) -> tuple[tuple[Path, str, Any], ...]:
        """What it requests of NVIDIA's resources: the field, the resource's name, how many."""
        return tuple(
            ((*path, "resources", part, name), name, amount)
            for path, container in self.containers
            for part in ("limits", "requests")
            for name, amount in mapping(mapping(container.get("resources")).get(part)).items()
            if isinstance(name, str) and name.startswith(GPU_PREFIX)
        )


class PlatformFacts(Protocol):
    """What rules need to know of the platform."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What is known; rules that need more do not run."""

    @property
    def pools(self) -> tuple[PoolOffer, ...]:
        """The pools with GPUs."""

    @property
    def dra(self) -> DraContext | None:
        """What the platform offers to claims; None where that is not known."""

    @property
    def uses_claims(self) -> bool:
        """Whether pods claim devices of this platform instead of requesting a number of them."""

    @property
    def prometheus(self) -> DeclaredPrometheus | None:
        """Who scrapes; None if unknown."""


class NoPlatform(Record):
    """Nothing is known of the platform, beside what a caller says."""

    capabilities: frozenset[Capability] = frozenset()
    pools: tuple[PoolOffer, ...] = ()
    dra: DraContext | None = None
    uses_claims: bool = False
    prometheus: DeclaredPrometheus | None = None


class RuleContext:
    """What a rule may look at: every rendered object, indexed once, and the facts of the platform."""

    def __init__(self, objects: Iterable[Object], facts: PlatformFacts) -> None:
        self.kinds: dict[str, list[Object]] = {}
        for each in objects:
            self.kinds.setdefault(each.data["kind"], []).append(each)
        self._facts = facts
        self._named: dict[tuple[str, str], dict[str, dict[str, Object]]] = {}
        self._alike: dict[str, dict[str, list[Object]]] = {}
        self._made: dict[Callable[[RuleContext], Any], Any] = {}

    def objects_of_kind(self, kind: str) -> list[Object]:
        """The objects of a kind."""
        return self.kinds.get(kind, [])

    def named(self, group: str, kind: str, namespace: str = "") -> Mapping[str, Object]:
        """The objects of a kind in a namespace, by name. Indexed once, for kinds of which there may be many."""
        if (group, kind) not in self._named:
            index = self._named.setdefault((group, kind), {})
            for each in self.objects_of_kind(kind):
                if each.id.group == group:
                    index.setdefault(each.id.namespace, {})[each.id.name] = each
        return self._named[group, kind].get(namespace, {})

    def once(self, make: Callable[[RuleContext], T]) -> T:
        """What a function makes of the context: worked out when it is first wanted, for all objects."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """The object of that name; without a namespace the first one."""
        if kind not in self._alike:
            index = self._alike.setdefault(kind, {})
            for each in self.objects_of_kind(kind):
                index.setdefault(each.id.name, []).append(each)
        same = self._alike[kind].get(name, ())
        return next((each for each in same if namespace in ("", each.id.namespace)), None)

    @cached_property
    def suggestions(self) -> Suggestions:
        """Names that were probably meant, for rules about names that may be many."""
        return Suggestions()

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
        """The GPU Operator, as the objects set it up."""
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
        """The ClusterPolicy; the platform's own before users'."""
        return self.operator.cluster_policy

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        """What is known; rules that need more do not run. Whether PromQL can be read depends on what is installed."""
        return _with_promql(self._facts.capabilities)

    @property
    def pools(self) -> tuple[PoolOffer, ...]:
        """The pools with GPUs."""
        return self._facts.pools

    @cached_property
    def counted_pools(self) -> tuple[PoolOffer, ...]:
        """Those whose nodes offer a number of GPUs: the others' are claimed."""
        return tuple(pool for pool in self.pools if not pool.claimed)

    @property
    def dra(self) -> DraContext | None:
        """What the platform offers to claims; None where that is not known."""
        return self._facts.dra

    @property
    def uses_claims(self) -> bool:
        """Whether pods claim devices of a pool of this platform instead of requesting a number of them."""
        return self._facts.uses_claims

    @property
    def prometheus(self) -> DeclaredPrometheus | None:
        """The Prometheus that the blueprint declares; None if unknown."""
        return self._facts.prometheus

    @cached_property
    def operator_namespace(self) -> str:
        """Where the GPU Operator looks for what the ClusterPolicy names."""
        found = self.find("Deployment", _GPU_OPERATOR) or self.subscription_of(_GPU_OPERATOR)
        return found.id.namespace if found else _GPU_OPERATOR

    def subscription_of(self, component: str) -> Object | None:
        """The Subscription by which a component comes through the Operator Lifecycle Manager."""
        return next((each for each in self.objects_of_kind("Subscription") if each.component == component), None)

    def cluster_policy_value(self, *path: str) -> Any:
        """A value of the ClusterPolicy, or None."""
        return inside(self.cluster_policy.data, "spec", *path) if self.cluster_policy else None


def _with_promql(known: frozenset[Capability]) -> frozenset[Capability]:
    return known | {Capability.PROMQL} if promql.is_available() else known - {Capability.PROMQL}


def severity_across_files(one: Object, other: Object, context: RuleContext) -> Severity | None:
    """How severe it is, unless as usual, that two objects do not go together.

    Objects of one file, of a blueprint or of a complete input are applied together. The files of a folder may be
    samples, of which one is applied.
    """
    if context.capabilities & {Capability.BLUEPRINT, Capability.COMPLETE}:
        return None
    places = (each.origin(("metadata",)) or each.origin(()) for each in (one, other))
    files = {place.template.file for place in places if place}
    return Severity.NOTE if len(files) > 1 else None


def by_hand(subject: Object, *path: str) -> bool:
    """Whether a person wrote what stands there, in a manifest or a patch: what we derive needs no reading again."""
    return subject.by_hand(path)


def described_pods(subject: Object) -> Iterator[DescribedPod]:
    """The pods that an object describes, one for each template."""
    for found in pod_templates(subject.data):
        yield DescribedPod(subject, found.path, found.spec, found.number, found.container)


def mapping(value: Any) -> Mapping[Any, Any]:
    """The value where it is a mapping, else an empty one."""
    if isinstance(value, dict):  # whether something else is a Mapping takes ten times as long to find out
        return value
    return value if value is not None and isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def inside(value: Any, *path: str) -> Any:
    """What stands at the path, or None."""
    for step in path:
        value = (value if type(value) is dict else mapping(value)).get(step)
        if value is None:
            return None
    return value


def tolerates(tolerations: Any, taint: Taint) -> bool:
    """Whether one of the tolerations lets a pod onto nodes with the taint."""
    return taint.effect == "PreferNoSchedule" or any(_tolerates(mapping(each), taint) for each in items(tolerations))


def _tolerates(toleration: Mapping[Any, Any], taint: Taint) -> bool:
    if toleration.get("effect") not in (None, "", taint.effect):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.key)
    return toleration.get("key") == taint.key and (toleration.get("value") or "") == taint.value
