"""The effective configuration of the GPU Operator: the only reader of ClusterPolicy, GPUCluster and NVIDIADriver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any

from blueprint.bundle.model import USERS, Object, Path
from blueprint.records import Record

CLUSTER_POLICY, GPU_CLUSTER, NVIDIA_DRIVER = "ClusterPolicy", "GPUCluster", "NVIDIADriver"
"""The kinds that configure the GPU Operator."""
_GROUP = "nvidia.com"
"""The API group, because other groups have a ClusterPolicy too."""
_GPU_NODES = {"nvidia.com/gpu.present": "true"}
"""The label that the operator sets on all GPU nodes, and that an NVIDIADriver without a selector selects."""
_OPTIONAL = frozenset({"gds", "gdrcopy", "nodeStatusExporter", "sandboxWorkloads", "vgpuManager"})
"""Parts that are disabled if the ClusterPolicy does not set `enabled`; all others are enabled."""


class Section(Record):
    """A part of an object: the section of an operand in a ClusterPolicy, or a whole NVIDIADriver."""

    subject: Object
    path: Path

    def value(self, *steps: str) -> Any:
        """The value at a path, or None."""
        found: Any = self.subject.data
        for step in (*self.path, *steps):
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    def text(self, *steps: str) -> str:
        """The string at a path; empty if there is none."""
        found = self.value(*steps)
        return "" if found is None else str(found)

    def by_hand(self, *steps: str) -> bool:
        """Whether a user wrote the value."""
        return self.subject.by_hand((*self.path, *steps))

    @property
    def is_enabled(self) -> bool:
        """Whether the operator runs the part."""
        stated = self.value("enabled")
        return stated is True or (stated is None and self.path[-1] not in _OPTIONAL)


class DriverChoice(Record):
    """The driver that the operator installs on the nodes of a pool.

    Attributes:
        section: Where it is configured; None if no object configures it.
        doubtful: An NVIDIADriver that may also select these nodes, by labels that are not declared here.
    """

    section: Section | None
    doubtful: Object | None = None


class EffectiveOperator:
    """The GPU Operator, as configured by the rendered objects."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._objects = tuple(each for each in objects if each.data["kind"] in _KINDS and each.id.group == _GROUP)

    def _of_kind(self, kind: str) -> list[Object]:
        """The objects of a kind, the platform's own first."""
        found = [each for each in self._objects if each.data["kind"] == kind]
        return sorted(found, key=lambda each: each.component == USERS)

    @cached_property
    def cluster_policy(self) -> Object | None:
        """The effective ClusterPolicy."""
        return next(iter(self._of_kind(CLUSTER_POLICY)), None)

    @cached_property
    def gpu_cluster(self) -> Object | None:
        """The GPUCluster."""
        return next(iter(self._of_kind(GPU_CLUSTER)), None)

    @cached_property
    def drivers(self) -> tuple[Object, ...]:
        """The effective NVIDIADriver objects."""
        return tuple(self._of_kind(NVIDIA_DRIVER)) if self.uses_driver_objects else ()

    @property
    def uses_driver_objects(self) -> bool:
        """Whether NVIDIADriver objects determine the drivers, instead of the ClusterPolicy."""
        policy = self.cluster_policy
        return policy is None or Section(policy, ("spec", "driver")).value("useNvidiaDriverCRD") is True

    def operand(self, name: str) -> Section | None:
        """The section of an operand in the ClusterPolicy; None without one."""
        return Section(self.cluster_policy, ("spec", name)) if self.cluster_policy else None

    def driver_of(self, labels: Mapping[str, str]) -> DriverChoice:
        """The driver for nodes with these labels."""
        if self.cluster_policy and not self.uses_driver_objects:
            return DriverChoice(self.operand("driver"))
        carried = {**labels, **_GPU_NODES}
        possible = list(self._drivers_by_label.may_select(carried))
        chosen = [each for each, selector in possible if selector.items() <= carried.items()]
        doubtful = next((each for each, selector in possible if not selector.items() <= carried.items()), None)
        chosen = chosen or self._default_drivers
        return DriverChoice(Section(chosen[0], ("spec",)) if len(chosen) == 1 else None, doubtful)

    @cached_property
    def _default_drivers(self) -> list[Object]:
        return [each for each in self.drivers if _selector(each) is None]

    @cached_property
    def _drivers_by_label(self) -> _DriversByLabel:
        return _DriversByLabel((each, selector) for each in self.drivers if (selector := _selector(each)) is not None)


_Selected = tuple[int, Object, Mapping[str, str]]
"""A driver: its position, the object, its selector."""
_KINDS = (CLUSTER_POLICY, GPU_CLUSTER, NVIDIA_DRIVER)


def _selector(driver: Object) -> Mapping[str, str] | None:
    """The selector of a driver; None for the default, which applies to all remaining nodes."""
    section = Section(driver, ("spec",))
    selector = section.value("nodeSelector")
    if section.value("default") is True:
        return None
    return selector if isinstance(selector, Mapping) and selector else _GPU_NODES


class _DriversByLabel:
    """Drivers indexed by the first label of their selectors, so that a pool is not compared with all drivers."""

    def __init__(self, drivers: Iterable[tuple[Object, Mapping[str, str]]]) -> None:
        self._by_key: dict[str, dict[str, list[_Selected]]] = {}
        for order, (driver, selector) in enumerate(drivers):
            key, value = next(iter(selector.items()))
            self._by_key.setdefault(key, {}).setdefault(value, []).append((order, driver, selector))

    def may_select(self, labels: Mapping[str, str]) -> Iterator[tuple[Object, Mapping[str, str]]]:
        """The drivers that may select nodes with these labels, in order, and their selectors."""
        found: list[_Selected] = []
        for key, by_value in self._by_key.items():
            values = [labels[key]] if key in labels else by_value
            found += (each for value in values for each in by_value.get(value, ()))
        for _, driver, selector in sorted(found, key=itemgetter(0)):
            if _may_match(selector, labels):
                yield driver, selector


def _may_match(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether the selector may match nodes with these labels and further undeclared ones."""
    return all(labels.get(key, value) == value for key, value in selector.items())
