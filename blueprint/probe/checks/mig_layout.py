"""How the GPUs are cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import Observation, ObservedGpu, Status
from blueprint.probe.parameters import Layout
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory, each_gpu

_REMEDY = "drain the node and look at its label `nvidia.com/mig.config.state` and the log of the MIG manager"


@check("mig-layout", parameters.layout, if_expected=True)
def mig_layout(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """As many GPUs as declared are cut into the declared MIG instances, and the others are whole.

    `want`: `{"cut": [{"gpus": 4, "instances": {"1g.10gb": 7}}], "whole": 4}`. Which GPU has which index is not known
    before, so that GPUs are counted by how they are cut. NVML tells instances by the names of their devices, which
    every user may read; a GPU whose instances differ from the layout only in what a name may leave out (`+me`) is
    *unknown*.
    """
    wanted = parameters.layout(expectation.want)
    return _Counting(VerdictFactory(reading, expectation, _told(wanted)), wanted).verdicts()


@dataclass(slots=True)
class _Counting:
    """The layout, GPU by GPU: what is found is taken off what is still to be found."""

    factory: VerdictFactory
    wanted: Layout
    left: list[tuple[dict[str, int], int]] = field(init=False)

    def __post_init__(self) -> None:
        self.left = [(instances, gpus) for gpus, instances in self.wanted.cut] + [({}, self.wanted.whole)]

    def verdicts(self) -> list[Verdict]:
        """One per GPU."""
        return each_gpu(self.factory, self._judge)

    def _judge(self, gpu: ObservedGpu) -> Verdict:
        found = _found(gpu)
        if found.status is not Status.READ or found.value is None:
            return self.factory.unknown(found, gpu=gpu.id)
        measured = _instances(found.value)
        if self._take(found.value):
            return self.factory.passed(found, f"{gpu.id} is {measured}", measured=measured, gpu=gpu.id)
        if any(gpus > 0 and instances and _plain(instances) == _plain(found.value) == found.value
               for instances, gpus in self.left):  # fmt: skip
            why = f"the names of its instances ({measured}) do not tell which engines they have"
            return self.factory.unknown(Observation(Status.UNREADABLE, None, why, found.evidence), gpu=gpu.id)
        enough = any(instances == found.value for instances, _ in self.left)
        message = f"{gpu.id} is {measured}" + (", as enough others are already" if enough else "")
        message += f"; the layout wants {self.factory.wanted}"
        return self.factory.failed(
            codes.MIG_LAYOUT, found, message, measured=measured, gpu=gpu.id, remedy=_REMEDY
        )  # fmt: skip

    def _take(self, found: Mapping[str, int]) -> bool:
        for index, (instances, gpus) in enumerate(self.left):
            if instances == found and gpus > 0:
                self.left[index] = (instances, gpus - 1)
                return True
        return False


def _found(gpu: ObservedGpu) -> Observation[dict[str, int]]:
    """The instances of a GPU; none where MIG is off or not there. MIG on without instances is not whole."""
    modes, instances = gpu.mig, gpu.mig_instances
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
    return "cut into " + ", ".join(f"{number} x {name}" for name, number in sorted(found.items()))


def _plain(found: Mapping[str, int]) -> dict[str, int]:
    """The instances without what names say of engines."""
    counts: dict[str, int] = {}
    for name, number in found.items():
        plain = name.partition("gb")[0] + "gb" if "gb" in name else name
        counts[plain] = counts.get(plain, 0) + number
    return counts


def _told(wanted: Layout) -> str:
    parts = [f"{gpus} GPUs {_instances(instances)}" for gpus, instances in wanted.cut]
    return "; ".join([*parts, *([f"{wanted.whole} whole"] if wanted.whole else [])])
