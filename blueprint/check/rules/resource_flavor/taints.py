"""Flavors of tainted nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Taint
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping, tolerates
from blueprint.diagnostics import Severity, define

TAINTS_IGNORED = define("BP6462", "flavor-ignores-taints", page=__file__, severity=Severity.WARNING)


@rule(TAINTS_IGNORED, tags=("kueue", "scheduling"), needs=(Capability.POOLS,))
def taints_ignored(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Flavors of tainted pools that neither declare nor tolerate the taint: Kueue admits pods that cannot run there."""
    spec = mapping(subject.data.get("spec"))
    labels = mapping(spec.get("nodeLabels"))
    pools = [pool for pool in context.pools if labels and labels.items() <= {**pool.labels}.items()]
    if not pools:
        return
    for taint in pools[0].taints:
        everywhere = all(taint in pool.taints for pool in pools)
        if everywhere and not tolerates(spec.get("tolerations"), taint) and not _is_listed(spec, taint):
            text = f"nodes of {pools[0].name} have the taint {taint.key}:{taint.effect}, which the flavor does not list"
            help_ = (
                "list it in nodeTaints to admit only pods that tolerate it, or tolerate it for all pods in tolerations"
            )
            yield ObjectFinding(TAINTS_IGNORED, ("spec", "nodeLabels"), text, help_)


def _is_listed(spec: Mapping[Any, Any], taint: Taint) -> bool:
    listed = map(mapping, items(inside(spec, "nodeTaints")))
    return any((each.get("key"), each.get("effect")) == (taint.key, taint.effect) for each in listed)


RULES = (taints_ignored,)
