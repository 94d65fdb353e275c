"""The overhead of a virtual machine."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define

OVERHEAD_MISSING = define("BP6543", "kata-overhead-missing", page=__file__, severity=Severity.WARNING)


@rule(OVERHEAD_MISSING, tags=("kata",))
def overhead_missing(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Kata Containers RuntimeClasses without overhead."""
    handler = str(subject.data.get("handler"))
    if handler.startswith("kata") and "memory" not in mapping(inside(subject.data, "overhead", "podFixed")):
        amount = "10240Mi" if "nvidia-gpu" in handler else "320Mi"
        text = (
            f"overhead.podFixed.memory is missing, so the memory of {handler}'s virtual machines is not accounted for"
        )
        yield ObjectFinding(OVERHEAD_MISSING, ("handler",), text, f"kata-deploy uses {amount} for such a handler")


RULES = (overhead_missing,)
