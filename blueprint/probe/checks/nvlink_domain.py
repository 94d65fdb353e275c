"""The NVLink domain across nodes, as reported by the GPUs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern
from blueprint.probe.check import check
from blueprint.probe.nvml_calls import DeviceCall
from blueprint.probe.nvml_codes import SUCCESS, name_of
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import record
from blueprint.probe.parse import field_of, integer

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.reading import Value
    from blueprint.probe.verdicts import Verdict, VerdictFactory

FABRIC = define(
    "BP9630",
    "nvlink-fabric",
    """
A GPU of a pool with an NVLink domain has not joined the fabric: its registration is not started or not completed, it ended
with an error, it names no cluster, or GPUs of one node name different cliques. Jobs that span nodes by NVLink fail on it.
Completed with an error counts as not joined.
""",
)

_NOT_SUPPORTED = 0
_REMEDY = "check the NVLink switches and their controller (NVLSM, fabric manager), and IMEX on the nodes of the domain"


_STATES = {0: "not supported", 1: "not started", 2: "in progress", 3: "completed"}
"""Values of nvmlGpuFabricState_t."""
_COMPLETED = 3
_CLUSTER = lazy_pattern(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Domain:
    """The number of nodes in an NVLink domain, and the node label with its name."""

    nodes: int
    label: str

    def __str__(self) -> str:
        return f"a domain of {self.nodes} nodes, named by {self.label}"


class Fabric(NamedTuple):
    """The NVLink fabric as reported by a GPU: the state of its registration, the return code, and the domain.

    `cluster` is "" if there is none.
    """

    state: int
    status: int
    cluster: str
    clique: int


def _parse(value: Value | None) -> Fabric:
    cluster = field_of(value, "cluster")
    if not isinstance(cluster, str) or not _CLUSTER.fullmatch(cluster):
        raise ValueError(f"the invalid cluster UUID {cluster!r}")
    state, status, clique = (integer(field_of(value, key)) for key in ("state", "status", "clique"))
    if state not in _STATES:
        raise ValueError(f"the unknown fabric state {state}")
    return Fabric(state, status, cluster if cluster.strip("0") else "", clique)


FABRIC_INFO: DeviceCall[Fabric] = DeviceCall("nvmlDeviceGetGpuFabricInfoV", _parse)
"""The NVLink fabric."""


@check("nvlink-domain", record(Domain), expects=str, reads=(FABRIC_INFO,), only_if_expected=True)
def nvlink_domain(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """All GPUs have joined the NVLink fabric without an error, and all GPUs of the node are in one clique of one
    cluster.

    `drift` compares the label with the domain's name between nodes. If a GPU reports no fabric, or the library is too
    old, the result is *unknown*.
    """
    if not any(call.call == FABRIC_INFO.name for call in verdicts.reading.calls):
        why = "the reading lacks the NVLink fabric: take it again, or see Fabric in `nvidia-smi -q` on the node"
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, ()))]
    fabrics = (gpu.observe(FABRIC_INFO).value for gpu in verdicts.observed_node.gpus)
    seen = {f"{found.cluster}.{found.clique}" for found in fabrics if found}
    return verdicts.each_gpu(lambda gpu: _judge(verdicts, gpu, seen))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, seen: set[str]) -> Verdict:
    observation = gpu.observe(FABRIC_INFO)
    found = observation.value
    if observation.status is Status.UNSUPPORTED or (found and found.state == _NOT_SUPPORTED):
        why = f"{gpu.id} reports no NVLink fabric: it may be another product, or the driver may be too old"
        return verdicts.unknown(Observation(Status.UNREADABLE, None, why, observation.evidence), gpu=gpu.id)
    if found is None:
        return verdicts.unknown(observation, gpu=gpu.id)
    measured = f"{_STATES[found.state]}, {name_of(found.status)}, clique {found.clique} of {found.cluster or 'none'}"
    if wrong := _wrong(found, seen):
        message = f"{gpu.id} has not joined its NVLink domain: {wrong}"
        return verdicts.failed(FABRIC, observation, message, measured=measured, gpu=gpu.id, remedy=_REMEDY)
    return verdicts.passed(observation, f"{gpu.id} is in the NVLink fabric", measured=measured, gpu=gpu.id)


def _wrong(found: Fabric, seen: set[str]) -> str:
    if found.state != _COMPLETED:
        return f"its registration is {_STATES[found.state]}"
    if found.status != SUCCESS:
        return f"its registration ended with {name_of(found.status)} ({found.status})"
    if not found.cluster:
        return "it has no cluster UUID"
    return "the GPUs of this node are in different cliques" if len(seen) > 1 else ""
