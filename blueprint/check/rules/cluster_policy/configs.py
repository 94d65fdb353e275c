"""ConfigMaps that the ClusterPolicy refers to."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.check.rules.config_map.counters import COUNTERS_KEY
from blueprint.diagnostics import Severity, define

OPERAND_CONFIG = define("BP6201", "operand-config", page=__file__)


@rule(OPERAND_CONFIG, tags=("operator",), needs=(Capability.COMPLETE,))
def named(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """References of the ClusterPolicy to missing ConfigMaps or keys."""
    for operand, key in (("devicePlugin", None), ("migManager", "config.yaml"), ("dcgmExporter", COUNTERS_KEY)):
        name = inside(subject.data, "spec", operand, "config", "name")
        if not name:
            continue
        path = ("spec", operand, "config", "name")
        found = context.find("ConfigMap", name, context.operator_namespace)
        data = mapping(found.data.get("data")) if found else {}
        default = inside(subject.data, "spec", operand, "config", "default") if key is None else key
        if found is None:
            text = (
                f"spec.{operand}.config.name is {name}, which is not among the objects of {context.operator_namespace}"
            )
            help_ = "add the ConfigMap to extraManifests, or make sure that it exists before the operand starts"
            ours = context.find("Namespace", context.operator_namespace) is not None
            yield ObjectFinding(OPERAND_CONFIG, path, text, help_, None if ours else Severity.WARNING)
        elif default and default not in data:
            text = f"the ConfigMap {name} has no key {default}, which {operand} reads"
            yield ObjectFinding(OPERAND_CONFIG, path, text, f"its keys: {', '.join(map(str, data)) or 'none'}")


RULES = (named,)
