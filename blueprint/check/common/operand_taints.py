"""Taints of pools that the DaemonSets of an operator do not tolerate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import RuleContext, tolerates
from blueprint.diagnostics import define

OPERANDS_REPELLED = define("BP6003", "operands-taint-not-tolerated", page=__file__)


def repelled(given: Any, field: Path, who: str, context: RuleContext) -> Iterator[ObjectFinding]:
    """The first taint of a pool that no toleration in `given` matches; `who` names the pods, `field` gets the fix."""
    for pool in context.pools:
        for taint in pool.taints:
            if not tolerates(given, taint):
                text = f"{who} does not tolerate the taint {taint.key}:{taint.effect} of pool {pool.name}"
                help_ = f"add {{key: {taint.key}, operator: Exists, effect: {taint.effect}}}"
                yield ObjectFinding(OPERANDS_REPELLED, field, text, help_)
                return
