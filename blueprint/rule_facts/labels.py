"""The labels that GPU feature discovery sets on the nodes of a pool, as far as the pool determines them.

The rules are those of k8s-device-plugin v0.20.0, internal/lm/resource.go: names with dashes for spaces, `-MIG-PROFILE`
with the strategy `single`, `-SHARED` if the GPUs are shared without renaming. Unverified values are omitted.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.node_labels import LabelValues
from blueprint.platform.gpus.expectations import MEMORY_TOLERANCE_MIB
from blueprint.platform.pool import GpuPool

_GPU = "nvidia.com/gpu"
_FAMILIES = {
    "6.0": ("pascal",), "6.1": ("pascal",), "7.0": ("volta",), "7.5": ("turing",), "8.0": ("ampere",),
    "8.6": ("ampere",), "8.9": ("ada-lovelace", "ampere"), "9.0": ("hopper",), "10.0": ("blackwell",),
    "10.3": ("blackwell",), "12.0": ("blackwell",),
}  # fmt: skip
"""The family by compute capability; earlier versions reported Ada as Ampere."""


_DRIVER_PARTS = (("major", "major"), ("minor", "minor"), ("rev", "revision"))


def discovered_labels(pool: GpuPool) -> dict[str, LabelValues]:
    """The possible values of each label on these nodes, by key; labels without known values are omitted."""
    if pool.hardware.virtual or pool.driver.vgpu:
        return {}
    return dict(_labels(pool))


def _labels(pool: GpuPool) -> Iterator[tuple[str, LabelValues]]:
    facts, partition = pool.gpu.facts, pool.partition
    single = bool(partition.groups) and pool.platform.partitioning.strategy == "single"
    if facts.gfd_product.certain and facts.nvml_names.certain:
        names = {facts.gfd_product.value, *(name.replace(" ", "-") for name in facts.nvml_names.value)}
        ending = _ending(pool, single=single)
        yield f"{_GPU}.product", LabelValues(tuple(sorted(name + ending for name in names)))
    if facts.compute_capability.certain:
        major, _, minor = facts.compute_capability.value.partition(".")
        if not single:
            yield f"{_GPU}.compute.major", LabelValues((major,))
            yield f"{_GPU}.compute.minor", LabelValues((minor,))
        if not single and (families := _FAMILIES.get(facts.compute_capability.value)):
            yield f"{_GPU}.family", LabelValues(families)
    if facts.memory_mib and facts.memory_mib.certain and not single:
        yield f"{_GPU}.memory", LabelValues((str(facts.memory_mib.value),), MEMORY_TOLERANCE_MIB)
    if partition.is_whole and not partition.groups:
        yield f"{_GPU}.count", LabelValues((str(pool.gpu.count),))
    yield from _driver_labels(pool)
    if facts.mig.supported.certain:
        yield "nvidia.com/mig.capable", LabelValues((str(facts.mig.supported.value).lower(),))
    if replicas := partition.replicas.get(_GPU):
        yield f"{_GPU}.replicas", LabelValues((str(replicas),))
        yield f"{_GPU}.sharing-strategy", LabelValues(("mps" if partition.mps else "time-slicing",))
    elif not partition.replicas:
        yield f"{_GPU}.sharing-strategy", LabelValues(("none",))


def _driver_labels(pool: GpuPool) -> Iterator[tuple[str, LabelValues]]:
    """The labels of the driver's version, which have two names each (internal/lm/nvml.go); the first one if only the
    branch is known.
    """
    version = pool.driver.version or pool.driver.branch or ""
    full = version if "." in version else ""
    parts = version.split(".") if version else []
    for part, (old, new) in zip(parts, _DRIVER_PARTS, strict=False):
        yield f"nvidia.com/cuda.driver.{old}", LabelValues((part,))
        yield f"nvidia.com/cuda.driver-version.{new}", LabelValues((part,))
    if full:
        yield "nvidia.com/cuda.driver-version.full", LabelValues((full,))


def _ending(pool: GpuPool, *, single: bool) -> str:
    partition = pool.partition
    profile = next((name for group in partition.groups for name in group.instances), None) if single else None
    shared = partition.replicas.get(_GPU) and _GPU in partition.resources
    return (f"-MIG-{profile}" if profile else "") + ("-SHARED" if shared else "")
