"""GPU quotas, compared with what the node pools offer."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.device_plugins import OF_NVIDIA, is_decided_here
from blueprint.check.common.kueue import quotas
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext
from blueprint.check.rules.pods.requests import NOT_OFFERED
from blueprint.diagnostics import Severity
from blueprint.source.paths import format_path


@rule(NOT_OFFERED, tags=("kueue", "scheduling"), needs=(Capability.POOLS,))
def not_offered(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Quotas for GPUs or MIG devices that no pool offers: admitted workloads are never scheduled."""
    if not context.pools or context.uses_claims or not is_decided_here(context):
        return
    there = sorted({name for pool in context.pools for name in pool.offers})
    for quota in quotas(subject):
        counted = OF_NVIDIA.fullmatch(quota.resource) and quota.amount("nominalQuota")
        if counted and quota.resource not in (*there, *_FOR_MACHINES):
            path = (*quota.path, "name")
            text = f"{format_path(path, subject.data)}: no pool's nodes offer {quota.resource}"
            yield ObjectFinding(NOT_OFFERED, path, text, f"the pools offer {', '.join(there)}", Severity.WARNING)


_FOR_MACHINES = ("nvidia.com/pgpu", "nvidia.com/nvswitch")
"""Resources that nodes for virtual machines offer. Pools do not declare the number of devices."""
RULES = (not_offered,)
