"""Prerequisites of GPU drivers: who provides them, and the container runtime."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.distribution import WITHOUT_OPERATOR
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, Pool

_CLASS = "runtimeClass"
"""The setting of components whose pods need NVIDIA's runtime, if no operator configures it."""


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of the drivers on a pool's nodes."""
    if isinstance(pool, GpuPool) and not pool.passes_gpus:
        yield _driver(pool, platform)


def _driver(pool: GpuPool, platform: Platform) -> Iterator[str]:
    owner = {"host": "The node image", "provider": "The cloud provider"}.get(pool.driver.owner)
    version = pool.driver.version or pool.driver.branch
    if owner:
        which = "" if not version else f" {version}" if pool.driver.version else f" of branch {version}"
        yield f"{owner} provides the NVIDIA driver{which}."
    elif pool.driver.precompiled:
        yield (
            f"The registry has a precompiled driver image {pool.driver.branch}-KERNEL-SYSTEM for the kernel of every"
            f" node, and kernels of {platform.cluster.os} are upgraded only to versions that have one."
        )
    if pool.driver.image:
        yield _private_image(pool, platform, version)
    yield from pool.mode.needs
    if pool.stack in WITHOUT_OPERATOR and pool.mode.toolkit == "host":
        yield from _runtime(platform)


def _private_image(pool: GpuPool, platform: Platform, version: str | None) -> str:
    """A driver image that NVIDIA does not publish."""
    what = "driver for guests with virtual GPUs" if pool.driver.vgpu else "driver"
    tag = f", version {version}," if version else ""
    return (
        f"The image {pool.driver.image}{tag} for {platform.cluster.os} is in its registry, and the nodes can pull it:"
        f" NVIDIA publishes no such {what}."
    )


def _runtime(platform: Platform) -> Iterator[str]:
    """The runtime for the pods of the stack, which nothing here installs."""
    own = (each.settings[_CLASS] for each in platform.components.values() if _CLASS in each.component.settings)
    classes = sorted({each for each in own if each})
    named = platform.cluster.distribution_facts.named_runtime(platform.cluster.os)
    if classes:
        yield f"The RuntimeClass {' and '.join(classes)} exists and selects NVIDIA's container runtime."
    elif named:
        yield (
            f"The pods of the GPU stack use NVIDIA's container runtime through the RuntimeClass {named.runtime_class};"
            " workloads must name it, too."
        )
        yield from named.needs
    else:
        yield "NVIDIA's container runtime is the nodes' default, because the GPU stack's pods name no RuntimeClass."
