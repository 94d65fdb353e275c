"""Flavors of nodes that Karpenter creates."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.karpenter import GROUP, NODE_POOL, allowed
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path
from blueprint.wording import first_few

NEVER_MADE = define("BP6517", "flavor-never-made", page=__file__, severity=Severity.WARNING)
_MOST_LISTED = 24
_NODE_POOL = "karpenter.sh/nodepool"
_OF_MACHINES = lazy_pattern(
    r"(karpenter\.(sh|k8s\.aws|azure\.com)|eks\.amazonaws\.com|((node|topology)\.)?kubernetes\.io|topology\.k8s\.aws)/.+"
)
"""Labels for which Karpenter selects a machine if the NodePool leaves them open."""


@rule(NEVER_MADE, tags=("kueue", "karpenter"))
def never_made(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels that nodes of the flavor's NodePool do not have when they are created."""
    labels = mapping(inside(subject.data, "spec", "nodeLabels"))
    pool = context.named(GROUP, NODE_POOL).get(str(labels.get(_NODE_POOL)))
    if pool is None:
        return
    for key, value in labels.items():
        values = allowed(pool, context).get(str(key))
        if value in values if values is not None else _OF_MACHINES.fullmatch(str(key)):
            continue
        path = ("spec", "nodeLabels", key)
        has = f"allows {first_few(values, _MOST_LISTED)}" if values else "neither sets nor requires it"
        text = (
            f"{format_path(path)} is {value}, but NodePool {pool.id.name} {has}: no node is created "
            "for admitted workloads"
        )
        yield ObjectFinding(NEVER_MADE, path, text, "add the label to the NodePool's template or requirements")


RULES = (never_made,)
