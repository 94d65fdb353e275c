"""Flavors of nodes that Karpenter creates."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.karpenter import allowed, node_pools
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

NEVER_MADE = define("BP6517", "flavor-never-made", page=__file__, severity=Severity.WARNING)
_NODE_POOL = "karpenter.sh/nodepool"
_ON_EVERY_NODE = (
    "kubernetes.io/os",
    "kubernetes.io/hostname",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
)


@rule(NEVER_MADE, tags=("kueue", "karpenter"))
def never_made(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels that nodes of the flavor's NodePool do not have when they are created."""
    labels = mapping(inside(subject.data, "spec", "nodeLabels"))
    pool = next((each for each in node_pools(context) if each.id.name == labels.get(_NODE_POOL)), None)
    if pool is None:
        return
    for key, value in labels.items():
        values = [pool.id.name] if key == _NODE_POOL else allowed(pool, str(key))
        if key in _ON_EVERY_NODE or (values is not None and value in values):
            continue
        path = ("spec", "nodeLabels", key)
        has = f"allows {', '.join(values)}" if values else "neither sets nor requires it"
        text = (
            f"{format_path(path)} is {value}, and NodePool {pool.id.name} {has}: no node is created "
            "for admitted workloads"
        )
        yield ObjectFinding(NEVER_MADE, path, text, "put the label into the NodePool's template or requirements")


RULES = (never_made,)
