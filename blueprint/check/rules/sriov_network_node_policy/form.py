"""Policies of virtual functions that the webhook of the SR-IOV network operator rejects."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, mapping
from blueprint.diagnostics import define

REFUSED = define("BP6627", "virtual-functions-refused", page=__file__)
_VFIO = "vfio-pci"


@rule(REFUSED, tags=("network",))
def rdma(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """RDMA with a driver that has none."""
    spec = mapping(subject.data.get("spec"))
    if spec.get("deviceType") == _VFIO and spec.get("isRdma") is True:
        text = f"spec.deviceType is {_VFIO}, which hands the virtual functions to a guest, beside isRdma: true"
        yield ObjectFinding(REFUSED, ("spec", "deviceType"), text, "set deviceType: netdevice, or isRdma: false")


RULES = (rdma,)
