"""Names that closely resemble NVIDIA's DeviceClasses; needs no knowledge of the platform."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.claims.attributes import known_devices
from blueprint.check.claims.model import CLASS, requests_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define, nearest

MISSPELT = define("BP6173", "device-class-misspelt", page=__file__, severity=Severity.WARNING)
_SLIP = 0.9
"""The minimum similarity: another vendor's class is not a misspelling."""


@rule(MISSPELT, tags=("dra",))
def misspelt(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Classes whose names differ slightly from one of NVIDIA's. If the driver is known, BP6427 is more precise."""
    if context.dra is not None:
        return
    for request in requests_of(subject):
        name, known = request.of_class, known_devices().classes
        if name in known or name in context.named("resource.k8s.io", CLASS):
            continue
        if near := nearest(name, known, _SLIP):
            text = f"NVIDIA's DRA driver has no DeviceClass {name}, and the manifests do not contain one"
            yield ObjectFinding(MISSPELT, (*request.path, "deviceClassName"), text, f"did you mean {near}?")


RULES = (misspelt,)
