"""Checks of delivery: whether anything applies the bundle, and what labels the nodes then."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.delivery import codes

DELIVERY = ("spec", "delivery")


def check_delivery(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the delivery, if one is declared."""
    delivery = context.platform.delivery
    if delivery is None:
        return
    if not (delivery.argocd or delivery.flux):
        message = "delivery names neither argocd nor flux"
        help_ = "add argocd: {repository: https://git.example/platform.git}, or flux: {source: NAME}"
        yield context.diagnostic_at_key(DELIVERY, codes.DELIVERY_WITHOUT_TOOL, message, help_=help_)
    elif context.platform.node_labels == "apply":
        tools = " and ".join(name for name, tool in (("Argo CD", delivery.argocd), ("Flux", delivery.flux)) if tool)
        message = f"nodeLabels: apply needs `blueprint apply`, but {tools} applies the bundle and does not label nodes"
        notes = (context.note(("spec", "nodeLabels"), "nodeLabels set here"),)
        yield context.diagnostic_at_key(
            DELIVERY, codes.DELIVERY_LABELS_NO_NODE, message, help_="set nodeLabels: provisioner", notes=notes
        )
