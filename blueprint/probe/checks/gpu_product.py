"""The GPU product."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern
from blueprint.probe.check import check
from blueprint.probe.nvml_calls import NAME
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import record

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.parse import PciIdentity
    from blueprint.probe.verdicts import Verdict, VerdictFactory

PRODUCT = define(
    "BP9040",
    "gpu-product",
    """
The node has a GPU product other than the blueprint declares. The PCI device ID is compared if it can be read, otherwise
the complete product name. Either the node is in the wrong pool (label, node group, instance type), or the blueprint's
`gpu.product` is wrong.
""",
)
PRODUCT_CONTRADICTION = define(
    "BP9041",
    "gpu-product-contradiction",
    """
A GPU's name and its PCI device id name different products, or its PCI vendor is not NVIDIA. A virtualised, intercepted
or modified driver causes this. Neither value proves the product.
""",
)

_NVIDIA = "10DE"
_MIG_SUFFIX = lazy_pattern(r" MIG \d+[a-z]\S*$", re.ASCII)
_CONTRADICTION = "look for a vGPU, an interception library or a modified driver on this node"
_WRONG = "move the node to a suitable pool, or correct `gpu.product` in the blueprint"


_PCI_ID = lazy_pattern(r"[0-9A-Fa-f]{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Product:
    """A GPU product, its complete names in NVML, and its PCI device IDs. One of the lists may be empty.

    `pci_subsystems`: if products share a device ID, the product of each subsystem, such as `25B6:10DE:157E`.
    """

    product: str
    nvml_names: tuple[str, ...]
    pci_device_ids: tuple[str, ...]
    pci_subsystems: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.nvml_names and not self.pci_device_ids:
            raise ValueError("neither a name nor a PCI device id is given")
        if wrong := [each for each in self.pci_device_ids if not _PCI_ID.fullmatch(each)]:
            raise ValueError(f"{wrong[0]!r} is not a PCI device id (four hexadecimal digits)")

    @property
    def device_ids(self) -> frozenset[str]:
        """The PCI device IDs in upper case."""
        return frozenset(each.upper() for each in self.pci_device_ids)


@check("gpu-product", record(Product), expects=lambda expected: expected.product, reads=(NAME,))
def gpu_product(verdicts: VerdictFactory, expected: Product) -> list[Verdict]:
    """Every GPU is the declared product.

    The PCI device ID decides if it can be read, otherwise the complete name (a suffix ` MIG 1g.10gb` is allowed):
    "NVIDIA H100" is part of the names of four products. A name that contradicts the PCI ID is a separate finding. If
    products share a device ID (A2 and A16), the subsystem decides, as far as the catalogue knows it.
    """
    return verdicts.each_gpu(lambda gpu: _judge(verdicts, gpu, expected))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, expected: Product) -> Verdict:
    name, pci = gpu.name, gpu.pci
    if Status.FAULT in {name.status, pci.status}:
        return verdicts.unknown(name if name.status is Status.FAULT else pci, gpu=gpu.id)
    identity = pci.value
    if identity and identity.vendor not in {"", _NVIDIA}:
        message = f"{gpu.id} has the PCI vendor id {identity.vendor}, not that of NVIDIA ({_NVIDIA})"
        identified_as = f"vendor {identity.vendor}"
        return verdicts.failed(
            PRODUCT_CONTRADICTION, pci, message, measured=identified_as, gpu=gpu.id, remedy=_CONTRADICTION
        )
    if identity and identity.device and expected.device_ids:
        right_id = identity.device in expected.device_ids
        return _by_id(verdicts, gpu, expected, identity, identity.device, right_id=right_id)
    shared = f"{identity.device}:{identity.subsystem}" if identity else ""
    if identity and (owner := expected.pci_subsystems.get(shared)):
        return _by_id(verdicts, gpu, expected, identity, f"{shared} ({owner})", right_id=owner == expected.product)
    return _by_name(verdicts, gpu, expected)


def _by_id(
    verdicts: VerdictFactory,
    gpu: ObservedGpu,
    expected: Product,
    identity: PciIdentity,
    identified_as: str,
    *,
    right_id: bool,
) -> Verdict:
    """The PCI ID decides, and the name, if there is one, must not contradict it."""
    name = gpu.name
    answered = name.status in {Status.READ, Status.IMPLAUSIBLE}
    right_name = _named(name, expected) if answered and expected.nvml_names else right_id
    both = Observation(Status.READ, identity, "", gpu.pci.evidence + name.evidence)
    called = repr(name.value) if name.value is not None else name.why
    measured = f"PCI device {identified_as}, {called}"
    if right_id and right_name:
        return verdicts.passed(both, f"{gpu.id} is a {expected.product}", measured=measured, gpu=gpu.id)
    if right_id or right_name:
        answer = f"calls itself {called}" if name.value is not None else f"has no plausible name: {called}"
        message = f"{gpu.id} has the PCI device id {identified_as}, but {answer}"
        return verdicts.failed(
            PRODUCT_CONTRADICTION, both, message, measured=measured, gpu=gpu.id, remedy=_CONTRADICTION
        )
    message = f"{gpu.id} is not the declared {expected.product}: PCI device id {identified_as}, {called}"
    return verdicts.failed(PRODUCT, both, message, measured=measured, gpu=gpu.id, remedy=_WRONG)


def _by_name(verdicts: VerdictFactory, gpu: ObservedGpu, expected: Product) -> Verdict:
    """Without a PCI ID, from this GPU or in the catalogue, the complete name decides."""
    name = gpu.name
    if name.status is not Status.READ or not expected.nvml_names:
        return verdicts.unknown(gpu.pci if name.status is Status.READ else name, gpu=gpu.id)
    if _named(name, expected):
        return verdicts.passed(name, f"{gpu.id} is a {expected.product}", measured=repr(name.value), gpu=gpu.id)
    message = f"{gpu.id} is not the declared {expected.product}: it calls itself {name.value!r}"
    return verdicts.failed(PRODUCT, name, message, measured=repr(name.value), gpu=gpu.id, remedy=_WRONG)


def _named(name: Observation[str], expected: Product) -> bool:
    return name.value is not None and _MIG_SUFFIX.sub("", name.value) in expected.nvml_names
