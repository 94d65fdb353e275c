"""How the GPUs are partitioned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.nvml_calls import MIG_DEVICES, MIG_MODE
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import record

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.verdicts import Verdict, VerdictFactory

MIG_LAYOUT = define(
    "BP9710",
    "mig-layout",
    """
The GPU is not partitioned like any layout of its pool, or more GPUs have a layout than declared. The index of a GPU is
not compared: any four of eight may be the partitioned ones. The MIG manager writes how far it came to the node label
`nvidia.com/mig.config.state`; `failed` often means that the GPU was in use.
""",
)

_REMEDY = "drain the node, then check its label `nvidia.com/mig.config.state` and the log of the MIG manager"


@dataclass(frozen=True, slots=True)
class MigGroupCount:
    """The number of GPUs with the same instances, and the number of instances of each profile."""

    gpus: int
    instances: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """The number of GPUs with each set of instances, and the number of unpartitioned GPUs."""

    cut: tuple[MigGroupCount, ...]
    whole: int

    def __post_init__(self) -> None:
        if not self.cut:
            raise ValueError("the layout partitions no GPU")

    def __str__(self) -> str:
        parts = [f"{group.gpus} GPUs {_instances(group.instances)}" for group in self.cut]
        return "; ".join([*parts, *([f"{self.whole} whole"] if self.whole else [])])


@check("mig-layout", record(Layout), expects=str, reads=(MIG_MODE, MIG_DEVICES), only_if_expected=True)
def mig_layout(verdicts: VerdictFactory, expected: Layout) -> list[Verdict]:
    """The declared number of GPUs is partitioned into the declared MIG instances, and the others are not partitioned.

    The index of each GPU is not known in advance, so GPUs are counted by their partitioning. NVML identifies instances
    by the names of their devices, which every user may read. A GPU whose instances differ from the layout only in what
    a name may omit (`+me`) is *unknown*.
    """
    return _Counting(verdicts, expected).verdicts()


@dataclass(slots=True)
class _Counting:
    """Compares the layout GPU by GPU: each match is subtracted from what is still expected."""

    factory: VerdictFactory
    expected: Layout
    left: list[tuple[Mapping[str, int], int]] = field(init=False)

    def __post_init__(self) -> None:
        self.left = [*((group.instances, group.gpus) for group in self.expected.cut), ({}, self.expected.whole)]

    def verdicts(self) -> list[Verdict]:
        """One verdict per GPU."""
        return self.factory.each_gpu(self._judge)

    def _judge(self, gpu: ObservedGpu) -> Verdict:
        found = _found(gpu)
        if found.status is not Status.READ or found.value is None:
            return self.factory.unknown(found, gpu=gpu.id)
        measured = _instances(found.value)
        if self._take(found.value):
            return self.factory.passed(found, f"{gpu.id} is {measured}", measured=measured, gpu=gpu.id)
        plain = _plain(found.value)
        similar = any(gpus and instances and _plain(instances) == plain for instances, gpus in self.left)
        if similar and plain == found.value:
            why = f"the names of its instances ({measured}) do not show which engines they have"
            return self.factory.unknown(Observation(Status.UNREADABLE, None, why, found.evidence), gpu=gpu.id)
        enough = any(instances == found.value for instances, _ in self.left)
        message = f"{gpu.id} is {measured}" + (", as enough others are already" if enough else "")
        message += f"; the layout requires {self.factory.expected}"
        return self.factory.failed(MIG_LAYOUT, found, message, measured=measured, gpu=gpu.id, remedy=_REMEDY)

    def _take(self, found: Mapping[str, int]) -> bool:
        for index, (instances, gpus) in enumerate(self.left):
            if instances == found and gpus > 0:
                self.left[index] = (instances, gpus - 1)
                return True
        return False


def _found(gpu: ObservedGpu) -> Observation[dict[str, int]]:
    """The instances of a GPU; empty if MIG is disabled or not supported. A GPU with MIG enabled but without instances
    does not count as unpartitioned.
    """
    modes, instances = gpu.observe(MIG_MODE), gpu.observe(MIG_DEVICES)
    if modes.status is Status.UNSUPPORTED or (modes.value and not modes.value.current):
        return Observation(Status.READ, {}, "", modes.evidence)
    if modes.status is not Status.READ:
        return Observation(modes.status, None, modes.why, modes.evidence)
    if instances.status is Status.READ and not instances.value:
        return Observation(Status.READ, {"": 0}, "", modes.evidence + instances.evidence)
    return instances


def _instances(found: Mapping[str, int]) -> str:
    if not found:
        return "whole"
    if "" in found:
        return "in MIG mode without any instance"
    return "partitioned into " + ", ".join(f"{number} x {name}" for name, number in sorted(found.items()))


def _plain(found: Mapping[str, int]) -> dict[str, int]:
    """The instances, by profile names without their engine suffixes."""
    counts: dict[str, int] = {}
    for name, number in found.items():
        plain = name.partition("gb")[0] + "gb" if "gb" in name else name
        counts[plain] = counts.get(plain, 0) + number
    return counts
