"""Labels that control operands."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import define

STEERED_BY_A_RULE = define("BP6121", "steered-by-a-feature-rule", page=__file__)
_STEERING = (
    "nvidia.com/gpu.deploy.",
    "nvidia.com/gpu.workload.config",
    "nvidia.com/mig.config",
    "nvidia.com/device-plugin.config",
)


@rule(STEERED_BY_A_RULE, tags=("discovery",), needs=(Capability.POOLS,))
def steering(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Rules that set node labels which are derived from the pools."""
    for index, each in enumerate(map(mapping, items(inside(subject.data, "spec", "rules")))):
        for key in mapping(each.get("labels")):
            if str(key).startswith(_STEERING):
                path = ("spec", "rules", index, "labels", key)
                yield ObjectFinding(
                    STEERED_BY_A_RULE,
                    path,
                    f"the rule sets {key}, which is derived from the pools",
                    "declare the label in nodePools",
                )


RULES = (steering,)
