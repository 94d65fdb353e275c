"""Attributes that no version of the DRA driver publishes; needs no knowledge of the platform."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from blueprint.bundle.model import Object
from blueprint.check.claims.model import selected
from blueprint.check.claims.selectors import reads
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define, nearest

if TYPE_CHECKING:
    from blueprint.catalog.component_files.devices import Devices

NEVER_PUBLISHED = define("BP6591", "attribute-never-published", page=__file__, severity=Severity.WARNING)
_DOMAIN = "gpu.nvidia.com"


@cache
def known_devices() -> Devices:
    """The devices and classes of the DRA driver in the catalogue."""
    from blueprint.catalog.catalog import load_catalog
    from blueprint.catalog.component_files.devices import load_devices

    catalog = load_catalog()
    component = catalog.component(catalog.component_with("draFeatureGates"))
    if component is None:
        raise LookupError("no component installs a DRA driver")
    return load_devices(component.dra_folder)


@rule(NEVER_PUBLISHED, tags=("dra",))
def never(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPU attributes and capacities that no known version has. If the driver is known, BP6405 is more precise."""
    if context.dra is not None:
        return
    for _, of_class, selectors, _ in selected(subject, context):
        for path, text in selectors:
            first = dict(reversed([*reads(text)]))
            for read, node in first.items():
                if help_ := _instead(read.field, read.domain, read.name, of_class):
                    name = f"{read.field}['{read.domain}'].{read.name}"
                    message = f"no known version of the DRA driver publishes {name}"
                    yield ObjectFinding(NEVER_PUBLISHED, path, message, help_, part=(node.start, node.end))


def _instead(field: str, domain: str, name: str, of_class: str) -> str | None:
    """The attribute to read instead; None if some version publishes this one, or another driver may."""
    devices = known_devices()
    if domain != _DOMAIN:
        others = {*devices.attributes, *devices.capacities}
        is_foreign = of_class in devices.classes and domain.endswith("nvidia.com") and domain not in others
        return f"the driver's domain is {_DOMAIN}" if is_foreign else None
    attributes, capacities = devices.attributes[_DOMAIN], devices.capacities[_DOMAIN]
    here, there = (attributes, capacities) if field == "attributes" else (capacities, attributes)
    if name in here:
        return None
    other = next((domain for domain, names in devices.attributes.items() if name in names and domain != _DOMAIN), None)
    if field == "attributes" and other:
        return f"device.attributes['{other}'].{name}"
    if name in there:
        return f"device.{'capacity' if field == 'attributes' else 'attributes'}['{_DOMAIN}'].{name}"
    near = nearest(name, here)
    return f"did you mean {near}?" if near else f"published: {', '.join(sorted(here))}"


RULES = (never,)
