"""Quotas and limits in namespaces of the GPU stack."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define

STACK_LIMITED = define("BP6131", "stack-limited", page=__file__, severity=Severity.WARNING)


@rule(STACK_LIMITED, needs=(Capability.BLUEPRINT,))
def limited(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's quota or limits in a namespace of a component."""
    namespace = context.find("Namespace", subject.id.namespace)
    if subject.component == USERS and namespace is not None and namespace.component != USERS:
        text = f"the quota limits the pods of {namespace.component} in the namespace {namespace.id.name}"
        yield ObjectFinding(STACK_LIMITED, ("metadata", "namespace"), text, "remove it, or use another namespace")


RULES = (limited,)
