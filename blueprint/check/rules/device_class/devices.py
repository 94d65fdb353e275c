"""A DeviceClass: its selectors, its configuration, and its owner."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.claims import attributes, comparisons, opaque_config, proven, requests, selectors
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import define

CLASS_OF_THE_DRIVER = define("BP6403", "class-of-the-driver", page=__file__)


@rule(CLASS_OF_THE_DRIVER, tags=("dra",), needs=(Capability.CLAIMS,))
def theirs(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A class that the operator creates."""
    dra = context.dra
    if dra and dra.driver and subject.component == USERS and subject.id.name in dra.devices.classes:
        text = f"the GPU Operator creates the DeviceClass {subject.id.name} itself"
        yield ObjectFinding(CLASS_OF_THE_DRIVER, ("metadata", "name"), text, "use another name")


RULES = (
    theirs,
    *requests.CLASS_RULES,
    *selectors.RULES,
    *attributes.RULES,
    *comparisons.RULES,
    *opaque_config.RULES,
    *proven.CLASS_RULES,
)
