"""Quotas and limits beside the GPU stack."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import Complaint
from blueprint.check.rules.context import USERS, Known
from blueprint.diagnostics import Severity, define

STACK_LIMITED = define(
    "BP6131",
    "stack-limited",
    """
A quota or a range of limits in a namespace of the GPU stack rejects pods of the stack as soon as it is used up or
does not fit: operands come and go with nodes, and have priorities of the system. Nothing says so but events of the
DaemonSets. Keep quotas for namespaces of workloads.
""",
    severity=Severity.WARNING,
)


def limited(subject: Object, known: Known) -> Iterator[Complaint]:
    """A user's quota or limits in a namespace that a component brings."""
    namespace = known.find("Namespace", subject.id.namespace)
    if subject.component == USERS and namespace is not None and namespace.component != USERS:
        text = f"it limits the pods of {namespace.component}, whose namespace {namespace.id.name} is"
        yield Complaint(STACK_LIMITED, ("metadata", "namespace"), text, "remove it, or use another namespace")


RULES = (limited,)
