"""Diagnostic codes of delivery."""

from blueprint.diagnostics import Severity, define

DELIVERY_WITHOUT_TOOL = define(
    "BP3380",
    "delivery-without-tool",
    """
`delivery` sets where the bundle is, but with neither `argocd` nor `flux` nothing is generated. Set one of them, or
both; without `delivery`, use `blueprint apply`.
""",
)
DELIVERY_LABELS_NO_NODE = define(
    "BP3381",
    "delivery-labels-no-node",
    """
With `nodeLabels: apply`, `blueprint apply` labels and taints the nodes of the pools. Argo CD and Flux apply objects of
the bundle and leave nodes alone, so the labels would be missing, and GPU operators would not find their nodes. Set
`nodeLabels: provisioner` and let the node provisioner set the labels (`prerequisites.md` lists them), or run `blueprint
apply` in addition to the controller when pools change.
""",
    severity=Severity.WARNING,
)
