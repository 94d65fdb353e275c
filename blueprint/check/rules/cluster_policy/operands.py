"""Resources of operands."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.amounts import AMOUNT_IMPLAUSIBLE, REQUEST_ABOVE_LIMIT, amounts
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import GPU_PREFIX, RuleContext, mapping
from blueprint.diagnostics import define

OPERAND_TAKES_GPU = define("BP6136", "operand-takes-a-gpu", page=__file__)


@rule(AMOUNT_IMPLAUSIBLE, OPERAND_TAKES_GPU, REQUEST_ABOVE_LIMIT, tags=("operator",))
def resources(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Requests and limits of every operand."""
    for part, value in mapping(subject.data.get("spec")).items():
        given, at = mapping(mapping(value).get("resources")), ("spec", part, "resources")
        yield from amounts(given, at)
        for kind in ("limits", "requests"):
            for name in mapping(given.get(kind)):
                if str(name).startswith(GPU_PREFIX):
                    text = f"spec.{part} requests {name}"
                    yield ObjectFinding(OPERAND_TAKES_GPU, (*at, kind, name), text, "remove it")


RULES = (resources,)
