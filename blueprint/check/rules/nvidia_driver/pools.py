"""Kernel modules of an NVIDIADriver, against what its pools need."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.pools import OPERAND_OFF, modules_off
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext


@rule(OPERAND_OFF, tags=("operator",), needs=(Capability.POOLS,))
def modules(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Kernel modules that a pool of this driver needs."""
    choices = ((pool, context.operator.driver_of(pool.labels).section) for pool in context.pools)
    pools = [pool for pool, section in choices if section is not None and section.subject is subject]
    yield from modules_off(subject, ("spec",), ("spec", "rdma"), pools)


RULES = (modules,)
