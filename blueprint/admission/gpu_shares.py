"""Fractional GPUs that pods request from KAI through annotations: how many fit on a node, and what quotas count.

Follows KAI v0.17.0 (pkg/scheduler/api/node_info): GPU memory is counted in steps of 100 MiB, and a memory request is
converted to hundredths of a GPU, rounded up.
"""

from __future__ import annotations

import math
from fractions import Fraction

from blueprint.check.common.containers import GPU, limit, pod_metadata
from blueprint.check.common.kai import GPU_DEVICES, GPU_FRACTION, GPU_MEMORY, SCHEDULER, share_faults
from blueprint.check.rule_context import DescribedPod, mapping
from blueprint.records import Record
from blueprint.wording import counted

_STEP_MIB = 100
_HUNDREDTHS = 100


class SharedGpus(Record):
    """The GPUs of each node that KAI shares.

    Attributes:
        count: The number of GPUs.
        memory_mib: The memory of each GPU, as NVML reports it; None if unknown.
    """

    count: int
    memory_mib: int | None

    @property
    def counted_mib(self) -> int | None:
        """The memory of each GPU, as KAI counts it."""
        return self.memory_mib and self.memory_mib // _STEP_MIB * _STEP_MIB


class GpuShare(Record):
    """A pod's request: a fraction, or memory in MiB, of each of `devices` GPUs."""

    devices: int
    fraction: Fraction | None = None
    memory_mib: int | None = None

    def of_each(self, gpus: SharedGpus) -> Fraction | None:
        """The fraction of each GPU that quotas count; None if its memory is unknown."""
        if self.fraction is not None:
            return self.fraction
        if not gpus.counted_mib or self.memory_mib is None:
            return None
        return Fraction(math.ceil(Fraction(self.memory_mib * _HUNDREDTHS, gpus.counted_mib)), _HUNDREDTHS)

    def pods_of_gpu(self, gpus: SharedGpus) -> int | None:
        """The number of pods with such requests that share one GPU; None if its memory is unknown."""
        if self.memory_mib is not None:
            return gpus.counted_mib // self.memory_mib if gpus.counted_mib else None
        return int(1 / self.fraction) if self.fraction else None


def share_of(pod: DescribedPod) -> GpuShare | str | None:
    """The pod's request for shared GPUs; None if it has none, or the reason why KAI rejects it."""
    annotations = mapping(pod_metadata(pod).get("annotations"))
    if not {GPU_FRACTION, GPU_MEMORY} & annotations.keys():
        return None
    if pod.spec.get("schedulerName") != SCHEDULER:
        return f"only KAI reads the annotations {GPU_FRACTION} and {GPU_MEMORY}: set schedulerName: {SCHEDULER}"
    whole = any(limit(container, GPU) for _, container in pod.containers)
    for key, fault, _ in share_faults(annotations, whole=whole):
        return f"KAI rejects the pod: its annotation {key} {fault}"
    devices = int(str(annotations.get(GPU_DEVICES, 1)))
    if GPU_FRACTION in annotations:
        return GpuShare(devices, Fraction(str(annotations[GPU_FRACTION])))
    return GpuShare(devices, memory_mib=int(str(annotations[GPU_MEMORY])))


def pods_of_node(share: GpuShare, gpus: SharedGpus | None) -> int | str | None:
    """The number of pods with such requests that fit on one node; the reason if none fits, or None if unknown.

    A pod that requests shares of several GPUs gets them from different GPUs.
    """
    if gpus is None:
        return "KAI does not share GPUs of this pool (queueing.kai.gpuSharing)"
    if share.devices > gpus.count:
        return f"fractions of {counted(share.devices, 'GPU')} are requested, but a node has only {gpus.count}"
    together = share.pods_of_gpu(gpus)
    if together == 0:
        return f"{share.memory_mib} MiB of a GPU are requested, but each has only {gpus.counted_mib}"
    return None if together is None else gpus.count * together // share.devices
