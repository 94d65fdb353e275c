"""Namespaces that exist in every cluster."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import define

NAMESPACE_OF_THE_CLUSTER = define("BP6137", "namespace-of-the-cluster", page=__file__)
_THEIRS = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


@rule(NAMESPACE_OF_THE_CLUSTER, needs=(Capability.BLUEPRINT,))
def theirs(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A manifest for a namespace that belongs to the cluster, such as kube-system."""
    if subject.component == USERS and subject.id.name in _THEIRS:
        text = f"the namespace {subject.id.name} belongs to the cluster"
        yield ObjectFinding(NAMESPACE_OF_THE_CLUSTER, ("metadata", "name"), text, "remove the manifest")


RULES = (theirs,)
