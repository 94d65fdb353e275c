"""The GPUs' UUIDs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import one_of

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.verdicts import Verdict, VerdictFactory

UUID = define(
    "BP9070",
    "gpu-uuid",
    """
Two GPUs of the node report the same UUID, or one reports none. Programs that identify GPUs by UUID (device plugin, DRA
driver, monitoring) confuse or drop them.
""",
)


@check("gpu-uuids", one_of("unique"), expects=lambda _: "a unique UUID for every GPU")
def gpu_uuids(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """Every GPU has a unique UUID.

    An empty value fails; any other implausible value is unknown.
    """
    owners: dict[str, list[int]] = {}
    for gpu in verdicts.observed_node.gpus:
        owners.setdefault(gpu.uuid.value or "", []).append(gpu.index)
    return verdicts.each_gpu(lambda gpu: _judge(verdicts, gpu, owners))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, owners: dict[str, list[int]]) -> Verdict:
    uuid = gpu.uuid
    if _empty(uuid):
        message = f"{gpu.id} reports an empty UUID"
        return verdicts.failed(UUID, uuid, message, measured="empty", gpu=gpu.id)
    if uuid.status is not Status.READ or uuid.value is None:
        return verdicts.unknown(uuid, gpu=gpu.id)
    if len(sharing := owners[uuid.value]) > 1:
        others = ", ".join(str(index) for index in sharing)
        message = f"{uuid.value} is the UUID of {len(sharing)} GPUs of {verdicts.node} (indexes {others})"
        return verdicts.failed(UUID, uuid, message, measured=uuid.value, gpu=gpu.id)
    return verdicts.passed(uuid, f"{uuid.value} is unique", measured=uuid.value, gpu=gpu.id)


def _empty(uuid: Observation[str]) -> bool:
    return bool(uuid.evidence) and all(call.answered and call.value == "" for call in uuid.evidence)
