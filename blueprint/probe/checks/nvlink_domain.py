"""The NVLink domain across nodes, as the GPUs see it."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.nvml_codes import SUCCESS, name_of
from blueprint.probe.observations import Observation, ObservedGpu, ObservedNode, Status
from blueprint.probe.parse import FABRIC_COMPLETED, FABRIC_STATES, Fabric
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory, each_gpu

_CALL = "nvmlDeviceGetGpuFabricInfoV"
_NOT_SUPPORTED = 0
_REMEDY = (
    "look at the NVLink switches and their controller (NVLSM, fabric manager), and at IMEX on the nodes of the domain"
)


@check("nvlink-domain", parameters.domain, if_expected=True)
def nvlink_domain(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """Every GPU has joined the NVLink fabric, without an error, and all of the node are in one clique of one cluster.

    `want`: `{"nodes": 18, "label": "nvidia.com/gpu.clique"}`. `drift` compares the label that names the domain between
    nodes. A GPU that has no fabric, or a library too old to tell, is *unknown*.
    """
    nodes, label = parameters.domain(expectation.want)
    verdicts = VerdictFactory(reading, expectation, f"a domain of {nodes} nodes, named by {label}")
    if not any(call.call == _CALL for call in reading.calls):
        why = (
            "the reading has nothing of the NVLink fabric: take it again, or see Fabric in `nvidia-smi -q` on the node"
        )
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, ()))]
    seen = {f"{found.cluster}.{found.clique}" for gpu in ObservedNode(reading).gpus if (found := gpu.fabric.value)}
    return each_gpu(verdicts, lambda gpu: _judge(verdicts, gpu, seen))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, seen: set[str]) -> Verdict:
    observation = gpu.fabric
    found = observation.value
    if observation.status is Status.UNSUPPORTED or (found and found.state == _NOT_SUPPORTED):
        why = f"{gpu.id} says that it has no NVLink fabric: is it of another product, or the driver too old?"
        return verdicts.unknown(Observation(Status.UNREADABLE, None, why, observation.evidence), gpu=gpu.id)
    if found is None:
        return verdicts.unknown(observation, gpu=gpu.id)
    measured = (
        f"{FABRIC_STATES[found.state]}, {name_of(found.status)}, clique {found.clique} of {found.cluster or 'none'}"
    )
    if wrong := _wrong(found, seen):
        message = f"{gpu.id} has not joined its NVLink domain: {wrong}"
        return verdicts.failed(codes.FABRIC, observation, message, measured=measured, gpu=gpu.id, remedy=_REMEDY)
    return verdicts.passed(observation, f"{gpu.id} is in the NVLink fabric", measured=measured, gpu=gpu.id)


def _wrong(found: Fabric, seen: set[str]) -> str:
    if found.state != FABRIC_COMPLETED:
        return f"its registration is {FABRIC_STATES[found.state]}"
    if found.status != SUCCESS:
        return f"its registration ended with {name_of(found.status)} ({found.status})"
    if not found.cluster:
        return "it has no cluster UUID"
    return "the GPUs of this node are in different cliques" if len(seen) > 1 else ""
