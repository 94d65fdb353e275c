"""Names that are nearly those of NVIDIA's DeviceClasses: what can be said without knowing the platform."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from blueprint.bundle.model import Object
from blueprint.check.claims.attributes import known_devices
from blueprint.check.claims.model import CLASS, requests_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define

MISSPELT = define("BP6173", "device-class-misspelt", page=__file__, severity=Severity.WARNING)
_SLIP = 0.9
_LONGEST = 80
"""Characters; what is much longer than the names is nearly none of them, and takes long to compare."""


@rule(MISSPELT, tags=("dra",))
def misspelt(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Classes that differ by a slip from one of NVIDIA's. Where the driver is known, BP6427 knows more."""
    if context.dra is not None:
        return
    for request in requests_of(subject):
        name, known = request.of_class, known_devices().classes
        if name in known or len(name) > _LONGEST or name in context.named("resource.k8s.io", CLASS):
            continue
        likeness = {each: SequenceMatcher(None, name.lower(), each).ratio() for each in known}
        near = max(likeness, key=lambda each: likeness[each])
        if likeness[near] >= _SLIP:
            text = f"NVIDIA's driver makes no DeviceClass {name}, and none of that name is among the objects"
            yield ObjectFinding(MISSPELT, (*request.path, "deviceClassName"), text, f"did you mean {near}?")


RULES = (misspelt,)
