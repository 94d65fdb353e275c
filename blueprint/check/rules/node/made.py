"""Nodes are not made by manifests."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import define

NODE_IN_MANIFESTS = define(
    "BP6120",
    "node-in-manifests",
    """
Nodes come into being when their kubelets register, and go with their machines. A Node among the manifests would be
created for a machine that may not exist, and be deleted by a prune. Labels and taints of nodes follow from
`nodePools`; with `nodeLabels: apply` this tool sets them. That goes for labels which steer operands too, such as
`nvidia.com/gpu.deploy.operands` or `nvidia.com/gpu.workload.config`: a wrong value there removes the GPU stack from
a node without a word.
""",
)


def made(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Any Node."""
    text = "a Node is made by its kubelet, not by a manifest"
    help_ = "say labels and taints in nodePools, with nodeLabels: apply"
    yield ObjectFinding(NODE_IN_MANIFESTS, ("kind",), text, help_)


RULES = (made,)
