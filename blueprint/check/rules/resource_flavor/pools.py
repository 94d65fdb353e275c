"""Flavors of GPU nodes, compared with the node pools."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.kueue import CLUSTER_QUEUE, GROUP, quotas
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import GPU_PREFIX, RuleContext, inside, mapping
from blueprint.check.rules.pods.placement import NO_SUCH_NODES
from blueprint.diagnostics import Severity
from blueprint.source.paths import format_path


@rule(NO_SUCH_NODES, tags=("kueue", "scheduling"), needs=(Capability.POOLS,))
def no_such_nodes(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPU flavors whose labels no pool has: admitted workloads are never scheduled."""
    if subject.id.name not in context.once(_flavors_of_gpus):
        return
    for key, value in mapping(inside(subject.data, "spec", "nodeLabels")).items():
        there = sorted({pool.labels[key] for pool in context.pools if key in pool.labels})
        if there and value not in there:
            path = ("spec", "nodeLabels", key)
            text = f"{format_path(path)} is {value}, but no pool with GPUs has that label"
            yield ObjectFinding(NO_SUCH_NODES, path, text, f"existing values: {', '.join(there)}", Severity.WARNING)


def _flavors_of_gpus(context: RuleContext) -> frozenset[str]:
    """Flavors with a GPU quota in some queue. Others may be for nodes that no pool describes."""
    queues = context.named(GROUP, CLUSTER_QUEUE).values()
    found = (quota for queue in queues for quota in quotas(queue))
    return frozenset(
        each.flavor for each in found if each.resource.startswith(GPU_PREFIX) and each.amount("nominalQuota")
    )


RULES = (no_such_nodes,)
