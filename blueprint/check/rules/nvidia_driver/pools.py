"""Kernel modules of an NVIDIADriver, compared with its pools' requirements."""

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
    yield from modules_off(subject, ("spec",), ("spec", "rdma"), context.pools_of_driver(subject))


RULES = (modules,)
