"""DaemonSets of the platform that must reach every GPU node."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside, tolerates
from blueprint.check.rules.cluster_policy.alone import OPERANDS_REPELLED

_TOLERATIONS = ("spec", "template", "spec", "tolerations")


@rule(OPERANDS_REPELLED, needs=(Capability.POOLS,))
def reach(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A pool's taint that a DaemonSet of ours does not tolerate: by a patch, since they are derived from the pools."""
    if subject.component == USERS:
        return
    given = inside(subject.data, *_TOLERATIONS)
    for pool in context.pools:
        for taint in pool.taints:
            if not tolerates(given, taint):
                text = f"no toleration for the taint {taint.key}:{taint.effect} of pool {pool.name}"
                help_ = f"add {{key: {taint.key}, operator: Exists, effect: {taint.effect}}}"
                yield ObjectFinding(OPERANDS_REPELLED, _TOLERATIONS, text, help_)
                return


RULES = (reach,)
