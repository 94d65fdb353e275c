"""NVML's information about MIG is consistent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.patterns import lazy_pattern
from blueprint.probe.check import invariant
from blueprint.probe.nvml_calls import MIG_DEVICES, MIG_MODE, NAME
from blueprint.probe.observation import Observation, Status

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.verdicts import Verdict, VerdictFactory

_SUFFIX = lazy_pattern(r" MIG (?:\dc\.)?\dg\.\d+gb\S*$", re.ASCII)


@invariant("mig-consistency", expects="consistent MIG information", reads=(NAME, MIG_MODE, MIG_DEVICES))
def mig_consistency(verdicts: VerdictFactory) -> list[Verdict]:
    """A GPU with MIG mode off has no instances and no instance name, and instances are named after their GPU.

    Contradictory results prove nothing: *unknown*.
    """
    return [
        verdicts.unknown(observation, gpu=gpu.id)
        for gpu in verdicts.observed_node.gpus
        for observation in _contradictions(gpu)
    ]


def _contradictions(gpu: ObservedGpu) -> Iterator[Observation[str]]:
    mode, name, instances = gpu.observe(MIG_MODE), gpu.name, _named_instances(gpu)
    off = mode.status is Status.UNSUPPORTED or (mode.value is not None and not mode.value.current)
    if off and name.value and _SUFFIX.search(name.value):
        why = f"its name is {name.value!r}, but MIG is off"
        yield Observation(Status.IMPLAUSIBLE, None, why, mode.evidence + name.evidence)
    if off and instances:
        why = f"it has {len(instances)} MIG devices, but MIG is off"
        yield Observation(Status.IMPLAUSIBLE, None, why, mode.evidence + gpu.observe(MIG_DEVICES).evidence)
    strange = [each for each in instances if name.value and _SUFFIX.sub("", each) != _SUFFIX.sub("", name.value)]
    if strange:
        why = f"it is {name.value!r}, but one of its MIG devices is named {strange[0]!r}"
        yield Observation(Status.IMPLAUSIBLE, None, why, name.evidence + gpu.observe(MIG_DEVICES).evidence)


def _named_instances(gpu: ObservedGpu) -> list[str]:
    """The names of its MIG devices, in the original order."""
    values = [call.value for call in gpu.reading.calls_of(MIG_DEVICES.name, gpu.index) if call.answered]
    return [str(name) for value in values if isinstance(value, dict) for name in value.values()]
