"""The GPUs' UUIDs."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.facts import Fact, Gpu, Node, Status
from blueprint.probe.judging import Bench, each_gpu
from blueprint.probe.model import Expectation
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import Verdict


@check("gpu-uuids", parameters.unique)
def gpu_uuids(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """Every GPU has a UUID, and no two have the same.

    `want`: `"unique"`. An answer that is empty fails; one that cannot be believed otherwise is unknown.
    """
    bench = Bench(reading, expectation, "a UUID of its own for every GPU")
    owners: dict[str, list[int]] = {}
    for gpu in Node(reading).gpus:
        owners.setdefault(gpu.uuid.value or "", []).append(gpu.index)
    return each_gpu(bench, lambda gpu: _judge(bench, gpu, owners))


def _judge(bench: Bench, gpu: Gpu, owners: dict[str, list[int]]) -> Verdict:
    uuid = gpu.uuid
    if _empty(uuid):
        message = f"{gpu.id} answers with an empty UUID"
        return bench.failed(codes.UUID, uuid, message, measured="empty", gpu=gpu.id)
    if uuid.status is not Status.READ or uuid.value is None:
        return bench.unknown(uuid, gpu=gpu.id)
    if len(sharing := owners[uuid.value]) > 1:
        others = ", ".join(str(index) for index in sharing)
        message = f"{uuid.value} is the UUID of {len(sharing)} GPUs of {bench.reading.node} (indexes {others})"
        return bench.failed(codes.UUID, uuid, message, measured=uuid.value, gpu=gpu.id)
    return bench.passed(uuid, f"{uuid.value} is unique", measured=uuid.value, gpu=gpu.id)


def _empty(uuid: Fact[str]) -> bool:
    return bool(uuid.evidence) and all(call.answered and call.value == "" for call in uuid.evidence)
