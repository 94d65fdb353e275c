"""Networks over virtual functions, and the policies that create those."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import Severity, define, nearest
from blueprint.wording import first_few

NO_POLICY = define("BP6594", "network-resource-unmade", page=__file__, severity=Severity.WARNING)
_MOST_LISTED = 24


@rule(NO_POLICY, tags=("network",))
def policy(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A resource that none of the policies among the objects creates."""
    made = context.once(_made)
    name = inside(subject.data, "spec", "resourceName")
    if made and isinstance(name, str) and name not in made:
        near = nearest(name, made)
        text = f"spec.resourceName is {name}, but no SriovNetworkNodePolicy among the objects provides it"
        help_ = f"did you mean {near}?" if near else f"the policies provide {first_few(sorted(made), _MOST_LISTED)}"
        yield ObjectFinding(NO_POLICY, ("spec", "resourceName"), text, help_)


def _made(context: RuleContext) -> frozenset[str]:
    policies = context.objects_of_kind("SriovNetworkNodePolicy")
    return frozenset(str(inside(each.data, "spec", "resourceName")) for each in policies)


RULES = (policy,)
