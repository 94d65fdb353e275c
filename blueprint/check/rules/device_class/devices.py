"""A DeviceClass: how it selects, how it configures, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import Complaint
from blueprint.check.rules import claim_comparisons, claim_config, claim_requests, claim_selectors
from blueprint.check.rules.context import USERS, Known
from blueprint.diagnostics import define

CLASS_OF_THE_DRIVER = define(
    "BP6403",
    "class-of-the-driver",
    """
The GPU Operator makes this DeviceClass itself and sets it back whenever it looks. A manifest of the same name would be
a second owner: what stands in it comes and goes. Give a class of your own another name; its selectors may say the same.
""",
)


def theirs(subject: Object, known: Known) -> Iterator[Complaint]:
    """A class that the operator makes."""
    serving = known.serving
    if serving and serving.driver and subject.component == USERS and subject.id.name in serving.devices.classes:
        text = f"the GPU Operator makes the DeviceClass {subject.id.name} itself"
        yield Complaint(CLASS_OF_THE_DRIVER, ("metadata", "name"), text, "another name")


RULES = (theirs, *claim_requests.CLASS_RULES, *claim_selectors.RULES, *claim_comparisons.RULES, *claim_config.RULES)
