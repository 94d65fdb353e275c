"""Codes of delivery: who applies the manifests."""

from blueprint.diagnostics import Severity, define

DELIVERY_WITHOUT_TOOL = define(
    "BP3380",
    "delivery-without-tool",
    """
`delivery` says where the bundle is, but neither `argocd` nor `flux` says who applies it, so nothing would be written. Name one
of them, or both; without `delivery`, `blueprint apply` brings the manifests to the cluster.
""",
)
DELIVERY_LABELS_NO_NODE = define(
    "BP3381",
    "delivery-labels-no-node",
    """
With `nodeLabels: apply`, `blueprint apply` labels and taints the nodes of the pools. Argo CD and Flux apply objects of the bundle
and leave nodes alone, so the labels would be missing, and GPU operators would not find their nodes. Write `nodeLabels: provisioner` and
have nodes labelled where they are made (`prerequisites.md` lists the labels), or run `blueprint apply` beside the controller when
pools change.
""",
    severity=Severity.WARNING,
)
