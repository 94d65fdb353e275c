"""Expectations of MIG: the mode of the GPUs, and their instances."""

from __future__ import annotations

from typing import Any

from blueprint.platform.derivation import Derivation
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.recorder import decided_by
from blueprint.platform.tracking.tracked import read_fact
from blueprint.probe.checks.mig_layout import Layout, MigGroupCount, mig_layout
from blueprint.probe.checks.mig_mode import MigModes, mig_mode


def mode(pool: GpuPool) -> MigModes | bool | None:
    """On for partitioned GPUs, off for others; None if the product does not support MIG."""
    supported = pool.gpu.facts.mig.supported
    if pool.platform.dra.dynamic_mig or pool.driver.vgpu:
        return None
    if layout := pool.partition.layout:
        whole = len(layout.whole_devices)
        return MigModes(pool.gpu.count - whole, whole) if whole else True
    decided_by(pool.gpu.product)
    if pool.hardware.virtual:
        return None
    return False if supported.certain and read_fact(supported) else None


def layout(pool: GpuPool) -> Layout | None:
    """How many GPUs have which instances. Their indices are known only on the node."""
    alike: dict[tuple[tuple[str, int], ...], int] = {}
    for group in pool.partition.groups:
        key = tuple(sorted(group.instances.items()))
        alike[key] = alike.get(key, 0) + len(group.devices)
    groups = tuple(MigGroupCount(number, dict(key)) for key, number in sorted(alike.items()) if key)
    return Layout(groups, alike.get((), 0)) if groups else None


EXPECTATIONS: tuple[Derivation[Any], ...] = (Derivation(mig_mode, mode), Derivation(mig_layout, layout))
