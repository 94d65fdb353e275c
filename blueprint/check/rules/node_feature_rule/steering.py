"""Labels that steer operands."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import define

STEERED_BY_A_RULE = define(
    "BP6121",
    "steered-by-a-feature-rule",
    """
Labels of `nvidia.com/gpu.deploy.`, `nvidia.com/gpu.workload.config`, `nvidia.com/mig.config` and
`nvidia.com/device-plugin.config` decide what runs on a node and how its GPUs are cut and shared. They follow from
the pools; a rule of feature discovery would set others behind their back.
""",
)
_STEERING = (
    "nvidia.com/gpu.deploy.",
    "nvidia.com/gpu.workload.config",
    "nvidia.com/mig.config",
    "nvidia.com/device-plugin.config",
)


def steering(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Rules that set such labels."""
    for index, rule in enumerate(map(mapping, items(inside(subject.data, "spec", "rules")))):
        for key in mapping(rule.get("labels")):
            if str(key).startswith(_STEERING):
                path = ("spec", "rules", index, "labels", key)
                yield ObjectFinding(
                    STEERED_BY_A_RULE, path, f"sets {key}, which the pools decide", "say it in nodePools"
                )


RULES = (steering,)
