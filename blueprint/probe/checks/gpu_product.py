"""The GPU product."""

from __future__ import annotations

import re

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import Observation, ObservedGpu, Status
from blueprint.probe.parameters import Product
from blueprint.probe.parse import PciIdentity
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory, each_gpu

_NVIDIA = "10DE"
_MIG_SUFFIX = re.compile(r" MIG \d+[a-z]\S*$", re.ASCII)
_CONTRADICTION = "ask who answers for the driver on this node: a vGPU, an interception library, a modified driver"
_WRONG = "move the node to the pool that fits it, or correct `gpu.product` in the blueprint"


@check("gpu-product", parameters.product)
def gpu_product(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """Every GPU is of the declared product.

    `want`: `{"product": "H100-SXM5-80GB", "nvmlNames": ["NVIDIA H100 80GB HBM3"], "pciDeviceIds": ["2330"]}`.
    The PCI device id decides where it can be read, otherwise the complete name (a suffix ` MIG 1g.10gb` is
    allowed): "NVIDIA H100" is a part of the names of four products. A name that was answered and contradicts
    the PCI id is a finding of its own. Where products share a device id (A2 and A16), the subsystem decides, as far as
    the catalogue knows it: `"pciSubsystems": {"25B6:10DE:157E": "A2", "25B6:10DE:14A9": "A16"}`.
    """
    wanted = parameters.product(expectation.want)
    verdicts = VerdictFactory(reading, expectation, wanted.product)
    return each_gpu(verdicts, lambda gpu: _judge(verdicts, gpu, wanted))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, wanted: Product) -> Verdict:
    name, pci = gpu.name, gpu.pci
    if Status.FAULT in {name.status, pci.status}:
        return verdicts.unknown(name if name.status is Status.FAULT else pci, gpu=gpu.id)
    identity = pci.value
    if identity and identity.vendor not in {"", _NVIDIA}:
        message = f"{gpu.id} is of PCI vendor {identity.vendor}, not NVIDIA ({_NVIDIA})"
        said = f"vendor {identity.vendor}"
        return verdicts.failed(
            codes.PRODUCT_CONTRADICTION, pci, message, measured=said, gpu=gpu.id, remedy=_CONTRADICTION
        )
    if identity and identity.device and wanted.device_ids:
        right_id = identity.device in wanted.device_ids
        return _by_id(verdicts, gpu, wanted, identity, identity.device, right_id=right_id)
    shared = f"{identity.device}:{identity.subsystem}" if identity else ""
    if identity and (owner := wanted.subsystems.get(shared)):
        return _by_id(verdicts, gpu, wanted, identity, f"{shared} ({owner})", right_id=owner == wanted.product)
    return _by_name(verdicts, gpu, wanted)


def _by_id(
    verdicts: VerdictFactory, gpu: ObservedGpu, wanted: Product, identity: PciIdentity, said: str, *, right_id: bool
) -> Verdict:
    """The PCI id decides; a name that was answered must not say otherwise."""
    name = gpu.name
    answered = name.status in {Status.READ, Status.IMPLAUSIBLE}
    right_name = _named(name, wanted) if answered and wanted.names else right_id
    both = Observation(Status.READ, identity, "", gpu.pci.evidence + name.evidence)
    called = repr(name.value) if name.value is not None else name.why
    measured = f"PCI device {said}, {called}"
    if right_id and right_name:
        return verdicts.passed(both, f"{gpu.id} is a {wanted.product}", measured=measured, gpu=gpu.id)
    if right_id or right_name:
        answer = f"calls itself {called}" if name.value is not None else f"gives no name to believe: {called}"
        message = f"{gpu.id} has PCI device id {said} but {answer}"
        return verdicts.failed(
            codes.PRODUCT_CONTRADICTION, both, message, measured=measured, gpu=gpu.id, remedy=_CONTRADICTION
        )
    message = f"{gpu.id} is no {wanted.product}: PCI device id {said}, {called}"
    return verdicts.failed(codes.PRODUCT, both, message, measured=measured, gpu=gpu.id, remedy=_WRONG)


def _by_name(verdicts: VerdictFactory, gpu: ObservedGpu, wanted: Product) -> Verdict:
    """No PCI id can be had, on this GPU or in the catalogue: the complete name must do."""
    name = gpu.name
    if name.status is not Status.READ or not wanted.names:
        return verdicts.unknown(gpu.pci if name.status is Status.READ else name, gpu=gpu.id)
    if _named(name, wanted):
        return verdicts.passed(name, f"{gpu.id} is a {wanted.product}", measured=repr(name.value), gpu=gpu.id)
    message = f"{gpu.id} is no {wanted.product}: it calls itself {name.value!r}"
    return verdicts.failed(codes.PRODUCT, name, message, measured=repr(name.value), gpu=gpu.id, remedy=_WRONG)


def _named(name: Observation[str], wanted: Product) -> bool:
    return name.value is not None and _MIG_SUFFIX.sub("", name.value) in wanted.names
