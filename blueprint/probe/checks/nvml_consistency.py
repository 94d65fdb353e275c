"""NVML's information about the existing GPUs is consistent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from blueprint.diagnostics import define
from blueprint.probe.check import invariant
from blueprint.probe.observation import Observation, Status

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu, ObservedNode
    from blueprint.probe.reading import Call, Reading
    from blueprint.probe.verdicts import Verdict, VerdictFactory

GPU_COUNT_INCONSISTENT = define(
    "BP9021",
    "gpu-count-inconsistent",
    """
NVML contradicts itself: it counts more GPUs than it gives handles for, its count changed during the reading, or an
index meant two different GPUs. A GPU that is falling off the bus looks like this. Do not rely on NVML's values for this
node until they are stable.
""",
)

_REMEDY = "take the reading again; if nothing changes, drain the node and check the kernel log"
_SHOWN = 8
_IDENTITY = ("nvmlDeviceGetUUID", "nvmlDeviceGetPciInfo")


@invariant("nvml-consistency", expects="consistent answers")
def nvml_consistency(verdicts: VerdictFactory) -> list[Verdict]:
    """NVML returns a handle for each GPU that it counts, counts the same number twice, and an index always refers to
    the same GPU.

    A handle refused because the GPU is lost is reported by `gpu-faults`.
    """
    node = verdicts.observed_node
    found = [*_changed_count(verdicts.reading), *_refused_handles(node), *_changed_identity(node)]
    return [_finding(verdicts, message, calls) for message, calls in found]


_Found: TypeAlias = "tuple[str, tuple[Call, ...]]"


def _changed_count(reading: Reading) -> Iterator[_Found]:
    counts = tuple(call for call in reading.calls_of("nvmlDeviceGetCount") if call.answered)
    if len({repr(call.value) for call in counts}) > 1:
        values = ", then ".join(repr(call.value) for call in counts)
        yield f"the number of GPUs on {reading.node} changed while it was read: {values}", counts


def _refused_handles(node: ObservedNode) -> Iterator[_Found]:
    """Handles that NVML refused, by return code, for indices within its own count."""
    count = node.count
    if count.value is None:
        return
    refused = [gpu for gpu in node.gpus if gpu.index < count.value and _refused(gpu)]
    if refused:
        reached = sum(gpu.handle.status is Status.READ for gpu in node.gpus)
        message = f"NVML counts {count.value} GPUs on {node.reading.node}, but gives handles for only {reached}"
        calls = tuple(call for gpu in refused for call in gpu.handle.evidence)
        named = ", ".join(str(gpu.id) for gpu in refused[:_SHOWN])
        yield f"{message}, none for {named}: {refused[0].handle.why}", count.evidence + calls


def _refused(gpu: ObservedGpu) -> bool:
    from blueprint.probe.reading import CallOutcome

    handle = gpu.handle
    returned = any(call.outcome is CallOutcome.RETURNED for call in handle.evidence)
    return returned and handle.status in {Status.UNREADABLE, Status.UNSUPPORTED}


def _changed_identity(node: ObservedNode) -> Iterator[_Found]:
    for gpu in node.gpus:
        for name in _IDENTITY:
            values = tuple(call for call in node.reading.calls_of(name, gpu.index) if call.answered)
            if len({repr(call.value) for call in values}) > 1:
                yield f"index {gpu.index} referred to two different GPUs of {node.reading.node} ({name})", values


def _finding(verdicts: VerdictFactory, message: str, calls: tuple[Call, ...]) -> Verdict:
    observation: Observation[str] = Observation(Status.IMPLAUSIBLE, None, message, calls)
    return verdicts.failed(GPU_COUNT_INCONSISTENT, observation, message, measured="contradictory", remedy=_REMEDY)
