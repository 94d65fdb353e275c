"""Objects that others name, and that are not there."""

from __future__ import annotations

from collections.abc import Collection

from blueprint.bundle.model import Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Code, Severity

_MOST_LISTED = 24


def missing(
    code: Code,
    path: Path,
    name: str,
    there: Collection[str],
    text: str,
    context: RuleContext,
    otherwise: Severity | None = None,
) -> ObjectFinding | None:
    """That no object has the name.

    Nothing where it has one, and where none of its kind is among the objects, which then are surely elsewhere. It is
    an error only where somebody says that no object exists outside of the input: a blueprint does not say so.
    """
    complete = Capability.COMPLETE in context.capabilities and Capability.BLUEPRINT not in context.capabilities
    if name in there or not (there or complete):
        return None
    near = context.suggestions.nearest(name, there)
    few = sorted(there) if len(there) <= _MOST_LISTED else ()
    help_ = f"did you mean {near}?" if near else f"existing: {', '.join(few)}" if few else None
    return ObjectFinding(code, path, text, help_, Severity.ERROR if complete else otherwise)
