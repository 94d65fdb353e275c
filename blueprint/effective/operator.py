"""What the GPU Operator does by the rendered objects: the one reader of ClusterPolicy, GPUCluster and NVIDIADriver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blueprint.bundle.model import USERS, Object, Path

_GPU_NODES = {"nvidia.com/gpu.present": "true"}
"""What the operator labels every node with GPUs, and an NVIDIADriver without a selector selects."""
_OPTIONAL = frozenset({"gds", "gdrcopy", "nodeStatusExporter", "sandboxWorkloads", "vgpuManager"})
"""Parts that are off where the ClusterPolicy does not say `enabled`; all others are on."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an object: an operand's of a ClusterPolicy, or all of an NVIDIADriver."""

    subject: Object
    path: Path

    def value(self, *steps: str) -> Any:
        """What stands there, or None."""
        found: Any = self.subject.data
        for step in (*self.path, *steps):
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    def text(self, *steps: str) -> str:
        """The same as text; empty where nothing stands there."""
        found = self.value(*steps)
        return "" if found is None else str(found)

    def by_hand(self, *steps: str) -> bool:
        """Whether a person wrote that."""
        return self.subject.by_hand((*self.path, *steps))

    @property
    def is_enabled(self) -> bool:
        """Whether the operator runs the part."""
        stated = self.value("enabled")
        return stated is True or (stated is None and self.path[-1] not in _OPTIONAL)


@dataclass(frozen=True, slots=True)
class DriverChoice:
    """The driver that the operator gives the nodes of a pool.

    Attributes:
        section: Where it is described; None where no object describes it.
        doubtful: The NVIDIADriver that may be for these nodes too: by labels that nobody declares here.
    """

    section: Section | None
    doubtful: Object | None = None


class EffectiveOperator:
    """The GPU Operator, as the rendered objects set it up."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._objects = tuple(each for each in objects if each.data["kind"] in _KINDS)

    def _of_kind(self, kind: str) -> list[Object]:
        """The objects of a kind, the platform's own first."""
        found = [each for each in self._objects if each.data["kind"] == kind]
        return sorted(found, key=lambda each: each.component == USERS)

    @cached_property
    def cluster_policy(self) -> Object | None:
        """The ClusterPolicy that is in force."""
        return next(iter(self._of_kind("ClusterPolicy")), None)

    @cached_property
    def gpu_cluster(self) -> Object | None:
        """The GPUCluster."""
        return next(iter(self._of_kind("GPUCluster")), None)

    @cached_property
    def drivers(self) -> tuple[Object, ...]:
        """The NVIDIADriver objects that are in force."""
        return tuple(self._of_kind("NVIDIADriver")) if self.uses_driver_objects else ()

    @property
    def uses_driver_objects(self) -> bool:
        """Whether NVIDIADriver objects decide drivers, and not the ClusterPolicy."""
        policy = self.cluster_policy
        return policy is None or Section(policy, ("spec", "driver")).value("useNvidiaDriverCRD") is True

    def operand(self, name: str) -> Section | None:
        """The section of an operand in the ClusterPolicy; None without one."""
        return Section(self.cluster_policy, ("spec", name)) if self.cluster_policy else None

    def driver_of(self, labels: Mapping[str, str]) -> DriverChoice:
        """The driver of nodes with these labels."""
        if self.cluster_policy and not self.uses_driver_objects:
            return DriverChoice(self.operand("driver"))
        carried = {**labels, **_GPU_NODES}
        selectors = [(each, _selector(each)) for each in self.drivers]
        chosen = [each for each, selector in selectors if selector is not None and selector.items() <= carried.items()]
        possible = [each for each, selector in selectors if selector is not None and _may_match(selector, carried)]
        doubtful = next((each for each in possible if each not in chosen), None)
        chosen = chosen or [each for each, selector in selectors if selector is None]
        return DriverChoice(Section(chosen[0], ("spec",)) if len(chosen) == 1 else None, doubtful)


_KINDS = ("ClusterPolicy", "GPUCluster", "NVIDIADriver")


def _selector(driver: Object) -> Mapping[str, str] | None:
    """Which nodes it is for; None of the default, which is for those that no other is for."""
    section = Section(driver, ("spec",))
    selector = section.value("nodeSelector")
    if section.value("default") is True:
        return None
    return selector if isinstance(selector, Mapping) and selector else _GPU_NODES


def _may_match(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether nodes with these labels, and others that nobody declares, may be selected."""
    return all(labels.get(key, value) == value for key, value in selector.items())
