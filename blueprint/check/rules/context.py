"""What a rule is given, and how a function becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import Complaint
from blueprint.check.workloads import containers, pod_spec

if TYPE_CHECKING:
    from blueprint.check.rules.claim_context import Serving
    from blueprint.platform.model import Platform

GPU_PREFIX = "nvidia.com/"
USERS = "extra-manifests"
"""The component under which users' own manifests stand."""

ObjectRule = Callable[[Object, "Known"], Iterator[Complaint]]
"""A rule about the objects of one kind."""
PodRule = Callable[["Pod", "Known"], Iterator[Complaint]]
"""A rule about pods, wherever they are described."""


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint as nodes carry it."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True, slots=True)
class Nodes:
    """One pool of GPU nodes: what a pod can ask each node for, how many pods share one unit, what keeps pods away."""

    name: str
    offers: Mapping[str, int]
    shared: Mapping[str, int] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    refuses_many: bool = True
    """Whether the device plugin refuses pods that ask for more than one share."""
    mig_config: str | None = None
    """Which configuration of the MIG manager's file the nodes' label names."""
    plugin_config: str | None = None
    """Which configuration of the device plugin the nodes' label names."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that the nodes carry, the selector's among them."""
    exact: bool = True
    """Whether this platform runs the device plugin there, so that nothing else decides what the nodes offer."""


@dataclass(frozen=True)
class Pod:
    """A pod that some object describes.

    Attributes:
        subject: The object.
        path: Where its pod specification stands.
        spec: The specification.
    """

    subject: Object
    path: Path
    spec: Mapping[str, Any]

    @cached_property
    def containers(self) -> tuple[tuple[Path, Mapping[str, Any]], ...]:
        """Every container with its path."""
        return tuple(containers(self.path, self.spec))

    @cached_property
    def requests(self) -> tuple[tuple[Path, str, Any], ...]:
        """What it asks for of NVIDIA's resources: the field, the resource's name, how many."""
        return tuple(
            ((*path, "resources", part, name), name, amount)
            for path, container in self.containers
            for part in ("limits", "requests")
            for name, amount in mapping(mapping(container.get("resources")).get(part)).items()
            if isinstance(name, str) and name.startswith(GPU_PREFIX)
        )


class Known:
    """Everything that is rendered, indexed once, and what the pools offer."""

    def __init__(self, objects: Iterable[Object], nodes: Iterable[Nodes] | None = None,
                 platform: Platform | None = None, serving: Serving | None = None) -> None:  # fmt: skip
        self.kinds: dict[str, list[Object]] = {}
        for each in objects:
            self.kinds.setdefault(each.data["kind"], []).append(each)
        self._nodes = None if nodes is None else tuple(nodes)
        self._platform = platform
        self._serving = serving

    def of(self, kind: str) -> list[Object]:
        """The objects of a kind."""
        return self.kinds.get(kind, [])

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """The object of that name; without a namespace the first one."""
        same = (each for each in self.of(kind) if each.id.name == name)
        return next((each for each in same if namespace in ("", each.id.namespace)), None)

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """The pods of every workload."""
        found = ((each, pod_spec(each)) for kind in POD_KINDS for each in self.of(kind))
        return tuple(Pod(each, *spec) for each, spec in found if spec)

    @cached_property
    def policy(self) -> Object | None:
        """The ClusterPolicy; the platform's own before users'."""
        return next(iter(sorted(self.of("ClusterPolicy"), key=lambda each: each.component == USERS)), None)

    @cached_property
    def nodes(self) -> tuple[Nodes, ...]:
        """The pools with GPUs."""
        if self._nodes is not None:
            return self._nodes
        return tuple(map(_nodes, self._platform.gpu_pools)) if self._platform else ()

    @cached_property
    def serving(self) -> Serving | None:
        """Who serves claims; None where nobody knows."""
        if self._serving is not None or self._platform is None:
            return self._serving
        from blueprint.check.rules.claim_context import serving_of

        return serving_of(self._platform)

    @cached_property
    def claims(self) -> bool:
        """Whether pods claim devices of this platform instead of asking for a number of them."""
        if self._serving is not None:
            return self._serving.driver is not None
        return self._platform is not None and self._platform.allocation == "dra"

    @cached_property
    def operator_namespace(self) -> str:
        """Where the GPU Operator looks for what the ClusterPolicy names."""
        found = self.find("Deployment", "gpu-operator") or self.wish_for("gpu-operator")
        return found.id.namespace if found else "gpu-operator"

    def wish_for(self, component: str) -> Object | None:
        """The Subscription by which a component comes through the Operator Lifecycle Manager."""
        return next((each for each in self.of("Subscription") if each.component == component), None)

    def of_policy(self, *path: str) -> Any:
        """A value of the ClusterPolicy, or None."""
        return inside(self.policy.data, "spec", *path) if self.policy else None


POD_KINDS = (
    "Pod", "PodTemplate", "ReplicationController", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet", "CronJob",
    "Job",
)  # fmt: skip


def _nodes(pool: Any) -> Nodes:
    sharing = pool.partition
    suffix = ".shared"
    offers = sharing.resources
    shared = {name: many for name in offers if (many := sharing.replicas.get(name.removesuffix(suffix)))}
    way = (sharing.plugin_config or {}).get("sharing", {})
    refuses = all(each.get("failRequestsGreaterThanOne", True) for each in way.values())
    taints = tuple(Taint(taint.key, taint.value, taint.effect) for taint in pool.taints)
    names = sharing.mig_config_name, sharing.plugin_config_name
    labels = {**pool.selector, **pool.labels}
    return Nodes(pool.name, offers, shared, taints, refuses, *names, labels, _is_ours(pool))


def _is_ours(pool: Any) -> bool:
    """Whether the pool's device plugin is one that this platform runs."""
    platform = pool.platform
    plugin = platform.components.get("k8s-device-plugin" if platform.gpu_stack == "standalone" else "gpu-operator")
    return pool.mode.device_plugin == "operator" and plugin is not None and plugin.ownership == "managed"


def by_hand(subject: Object, *path: str) -> bool:
    """Whether a person wrote what stands there, in a manifest or a patch: what we derive needs no reading again."""
    origin = subject.origin(path)
    return subject.component == USERS or (origin is not None and origin.patched)


def mapping(value: Any) -> Mapping[Any, Any]:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def inside(value: Any, *path: str) -> Any:
    """What stands at the path, or None."""
    for step in path:
        value = mapping(value).get(step)
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
