"""What NVML says of MIG does not contradict itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import Observation, ObservedGpu, ObservedNode, Status
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory

_SUFFIX = re.compile(r" MIG (?:\dc\.)?\dg\.\d+gb\S*$", re.ASCII)
_WALK = "nvmlDeviceGetMigDeviceHandleByIndex"


@check("mig-consistency", always=True)
def mig_consistency(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """A GPU whose MIG mode is off has no instances and is called after none, and instances are named after their GPU.

    Needs no expectation. Answers that cannot all be true prove nothing: *unknown*.
    """
    verdicts = VerdictFactory(reading, expectation, "answers on MIG that agree")
    return [
        verdicts.unknown(observation, gpu=gpu.id)
        for gpu in ObservedNode(reading).gpus
        for observation in _contradictions(gpu)
    ]


def _contradictions(gpu: ObservedGpu) -> Iterator[Observation[str]]:
    mode, name, instances = gpu.mig, gpu.name, _named_instances(gpu)
    off = mode.status is Status.UNSUPPORTED or (mode.value is not None and not mode.value.current)
    if off and name.value and _SUFFIX.search(name.value):
        why = f"it calls itself {name.value!r}, and MIG is off"
        yield Observation(Status.IMPLAUSIBLE, None, why, mode.evidence + name.evidence)
    if off and instances:
        why = f"it has {len(instances)} MIG devices, and MIG is off"
        yield Observation(Status.IMPLAUSIBLE, None, why, mode.evidence + gpu.mig_instances.evidence)
    strange = [each for each in instances if name.value and _SUFFIX.sub("", each) != _SUFFIX.sub("", name.value)]
    if strange:
        why = f"it is {name.value!r}, and a MIG device of it calls itself {strange[0]!r}"
        yield Observation(Status.IMPLAUSIBLE, None, why, name.evidence + gpu.mig_instances.evidence)


def _named_instances(gpu: ObservedGpu) -> list[str]:
    """The names of its MIG devices, as they came."""
    values = [call.value for call in gpu.reading.of(_WALK, gpu.index) if call.answered]
    return [str(name) for value in values if isinstance(value, dict) for name in value.values()]
