"""Feature gates of the DRA driver in a user's GPUCluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, by_hand, inside, mapping
from blueprint.diagnostics import Severity, define, nearest

if TYPE_CHECKING:
    from blueprint.catalog.component_files.feature_gates import Gates

GATE_FAULT = define("BP6592", "feature-gates-of-a-gpu-cluster", page=__file__, severity=Severity.WARNING)
_PATH = ("spec", "draDriver", "featureGates")


@rule(GATE_FAULT, tags=("operator", "dra"))
def gates(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Unknown gates, and enabled ones that are mutually exclusive or lack another one."""
    settings = mapping(inside(subject.data, *_PATH))
    if not settings or not by_hand(subject, *_PATH):
        return
    known = _gates()
    for name in map(str, settings):
        if name not in known.gates:
            near = nearest(name, known.gates)
            text = f"no version of the DRA driver has the feature gate {name}, so the driver does not start"
            yield ObjectFinding(GATE_FAULT, (*_PATH, name), text, f"did you mean {near}?" if near else "remove it")
        elif settings.get(name) is True:
            yield from _conflicts(name, known, settings)


def _conflicts(name: str, known: Gates, settings: object) -> Iterator[ObjectFinding]:
    gate, values = known.gates[name], mapping(settings)
    for other in gate.excludes:
        if values.get(other, known.gates[other].default) is True and (other not in values or other < name):
            text = f"{name} and {other} are mutually exclusive: the driver does not start with both"
            yield ObjectFinding(GATE_FAULT, (*_PATH, name), text, f"{other}: false")
    for other in gate.requires:
        if values.get(other, known.gates[other].default) is not True:
            yield ObjectFinding(
                GATE_FAULT, (*_PATH, name), f"{name} needs {other}, which is disabled", f"{other}: true"
            )


def _gates() -> Gates:
    from blueprint.catalog.catalog import load_catalog
    from blueprint.catalog.component_files.feature_gates import load_gates

    catalog = load_catalog()
    component = catalog.component(catalog.component_with("draFeatureGates"))
    if component is None:
        raise LookupError("no component installs a DRA driver")
    return load_gates(component.dra_folder)


RULES = (gates,)
