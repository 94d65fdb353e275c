"""Resources of operands."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.amounts import amounts
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import GPU_PREFIX, RuleContext, mapping
from blueprint.diagnostics import define

OPERAND_TAKES_GPU = define(
    "BP6136",
    "operand-takes-a-gpu",
    """
An operand sees every GPU of its node without asking for one. If it asks, it takes a GPU away from workloads; and
driver, toolkit and device plugin wait for ever, because there is nothing to ask for before they run.
""",
)


def resources(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Requests and limits of every operand."""
    for part, value in mapping(subject.data.get("spec")).items():
        given, at = mapping(mapping(value).get("resources")), ("spec", part, "resources")
        yield from amounts(given, at)
        for kind in ("limits", "requests"):
            for name in mapping(given.get(kind)):
                if str(name).startswith(GPU_PREFIX):
                    text = f"spec.{part} asks for {name}"
                    yield ObjectFinding(OPERAND_TAKES_GPU, (*at, kind, name), text, "remove it")


RULES = (resources,)
