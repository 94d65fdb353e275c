"""Who serves claims of devices in this platform, and what there is to claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from blueprint.catalog.devices import Devices, load_devices
from blueprint.data import data_folder

if TYPE_CHECKING:
    from blueprint.platform.model import Platform
    from blueprint.platform.pool import GpuPool

OPERATOR = "gpu-operator"
MANAGED_CONTROL_PLANES = ("aks", "eks", "gke")
"""Where nobody but the provider opens gates of Kubernetes."""


@dataclass(frozen=True, slots=True)
class Product:
    """The GPUs of one pool, as far as the catalogue is certain.

    Attributes:
        pool: The pool's name.
        count: GPUs of a node.
        names: What NVML calls them; None where nobody knows.
        architecture: As NVML has it; None where nobody knows.
        memory_mib: What NVML counts; None where nobody knows.
        profiles: What they can be cut into; None where nobody knows.
        cut: What the layout cuts them into; empty where they stay whole.
        switched: Whether NVSwitches join them; None where nobody knows.
    """

    pool: str = "train"
    count: int = 8
    names: tuple[str, ...] | None = None
    architecture: str | None = None
    memory_mib: int | None = None
    profiles: tuple[str, ...] | None = None
    cut: tuple[str, ...] = ()
    switched: bool | None = None


@dataclass(frozen=True)
class Serving:
    """How claims are served.

    Attributes:
        driver: The version of the DRA driver, `0.5.0`; None: this platform has none.
        kubernetes: The declared minor.
        open: The gates of the driver that are open.
        domains: Whether its part for compute domains runs.
        managed: Whether nobody opens gates of Kubernetes.
        products: The GPUs of the pools.
    """

    driver: str | None = "0.5.0"
    kubernetes: str = "1.36"
    open: frozenset[str] = frozenset()
    domains: bool = False
    managed: bool = False
    products: tuple[Product, ...] = field(default=())

    @cached_property
    def devices(self) -> Devices:
        """What the driver publishes."""
        return load_devices(data_folder("components") / OPERATOR)

    @property
    def cuts_on_demand(self) -> bool:
        """Whether an instance is cut when it is claimed."""
        return "DynamicMIG" in self.open


def serving_of(platform: Platform) -> Serving:
    """What a platform offers to claims."""
    component = platform.components.get(OPERATOR)
    products = tuple(map(_product, platform.gpu_pools))
    minor = platform.kubernetes_minor
    managed = platform.distribution in MANAGED_CONTROL_PLANES
    if platform.allocation != "dra" or component is None:
        return Serving(None, minor, managed=managed, products=products)
    from blueprint.catalog.gates import load_gates

    version = (component.component.images["dra-driver"].tag or "").removeprefix("v")
    said: Mapping[str, bool] = platform.setting(OPERATOR, "draFeatureGates") or {}
    gates = frozenset(load_gates(component.component.folder).open(said, version))
    return Serving(version, minor, gates, platform.compute_domains, managed, products)


def _product(pool: GpuPool) -> Product:
    gpu = pool.gpu
    facts, cuts = gpu.facts, pool.partition.cuts
    memory = facts.memory_mib
    return Product(
        pool.name,
        gpu.count,
        tuple(facts.nvml_names.value) if facts.nvml_names.certain else None,
        facts.architecture.value if facts.architecture.certain else None,
        memory.value if memory and memory.certain else None,
        _profiles(pool),
        tuple(sorted({profile for cut in cuts for profile in cut.instances})),
        facts.fabric_manager.value if facts.fabric_manager and facts.fabric_manager.certain else None,
    )


def _profiles(pool: GpuPool) -> tuple[str, ...] | None:
    mig = pool.gpu.facts.mig
    if not mig.supported.certain:
        return None
    if not mig.supported.value:
        return ()
    if mig.profiles is None or not mig.profiles.certain:
        return None
    return tuple(profile.name for profile in mig.profiles.value)
