"""Nodes must not be created by manifests."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import define

NODE_IN_MANIFESTS = define("BP6120", "node-in-manifests", page=__file__)


@rule(NODE_IN_MANIFESTS, needs=(Capability.BLUEPRINT,))
def made(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Any Node."""
    text = "a Node is created by its kubelet, not by a manifest"
    help_ = "declare labels and taints in nodePools, and set nodeLabels: apply"
    yield ObjectFinding(NODE_IN_MANIFESTS, ("kind",), text, help_)


RULES = (made,)
