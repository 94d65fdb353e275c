"""Prerequisites of GPU partitioning (MIG) and sharing."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tracking.tracked import read_fact

_REGRESSION_BRANCH, _FIXED_IN = "570", "570.158.01"


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of GPUs that the device plugin allocates; none if pods claim them."""
    if isinstance(pool, GpuPool) and not pool.passes_gpus and not pool.claimed:
        yield _partition(pool, platform)


def _partition(pool: GpuPool, platform: Platform) -> Iterator[str]:
    """None if GPUs are neither partitioned nor shared, and no other pool's are claimed."""
    partition = pool.partition
    if partition.groups or partition.replicas or platform.dra.publishes_gpus:
        offers = ", ".join(f"{name} ({number} per node)" for name, number in partition.resources.items())
        yield f"Workloads request {offers}."
    if partition.groups:
        yield from _cutting(pool, platform)


def _cutting(pool: GpuPool, platform: Platform) -> Iterator[str]:
    yield (
        "Drain a node before you change how its GPUs are partitioned: the MIG manager stops the pods of the GPU stack,"
        " but cannot partition a GPU that other pods use."
    )
    if read_fact(pool.gpu.facts.architecture) == "Ampere":
        reboots = platform.setting("migReboot")
        who = "the MIG manager reboots the node" if reboots else "reboot the node by hand"
        yield f"GPUs of this generation change MIG mode at a reset; where a virtual machine cannot reset them, {who}."
    whole = any(not group.instances for group in pool.partition.groups)
    if whole and not pool.driver.enabled and pool.driver.branch in (None, _REGRESSION_BRANCH):
        yield (
            f"A driver of branch {_REGRESSION_BRANCH} is newer than {_FIXED_IN}: with older ones, pods stay pending on"
            " nodes that have both partitioned and whole GPUs."
        )
