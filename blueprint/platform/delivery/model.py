"""How the manifests of a bundle reach the cluster, if something other than `blueprint apply` applies them."""

from __future__ import annotations

from typing import Any

from blueprint.records import Record, asdict
from blueprint.spec.delivery import ArgoCDSpec, DeliverySpec, FluxSpec


class ArgoCD(Record, kw_only=True):
    """Delivery by Argo CD Applications.

    Attributes:
        repository: The URL of the repository that contains the bundle.
        revision: The branch, tag or commit to apply.
        project: The AppProject of the Applications.
        namespace: The namespace of Argo CD.
        server: The API server of the cluster, as registered in Argo CD.
        self_heal: Whether Argo CD reverts changes in the cluster.
    """

    repository: str
    revision: str
    project: str
    namespace: str
    server: str
    self_heal: bool


class Flux(Record, kw_only=True):
    """Delivery by Flux Kustomizations.

    Attributes:
        source: The name of the source that contains the bundle.
        source_kind: `GitRepository`, `OCIRepository` or `Bucket`.
        namespace: The namespace of the Kustomizations and of their source.
        interval: The reconciliation interval.
        timeout: The timeout of one stage.
    """

    source: str
    source_kind: str
    namespace: str
    interval: str
    timeout: str


class Delivery(Record, kw_only=True):
    """The declared delivery. `path` is the bundle's folder in the repository, without leading and trailing slashes;
    empty for the repository itself.
    """

    path: str
    argocd: ArgoCD | None = None
    flux: Flux | None = None


def delivery_of(spec: DeliverySpec) -> Delivery:
    """The delivery that a blueprint declares."""
    return Delivery(
        path="" if spec.path == "." else spec.path,
        argocd=_argocd(spec.argocd) if spec.argocd else None,
        flux=_flux(spec.flux) if spec.flux else None,
    )


def _argocd(spec: ArgoCDSpec) -> ArgoCD:
    return ArgoCD(
        repository=spec.repository,
        revision=spec.revision,
        project=spec.project,
        namespace=spec.namespace,
        server=spec.server,
        self_heal=spec.self_heal,
    )


def _flux(spec: FluxSpec) -> Flux:
    return Flux(
        source=spec.source,
        source_kind=spec.source_kind,
        namespace=spec.namespace,
        interval=spec.interval,
        timeout=spec.timeout,
    )


def delivery_in_words(delivery: Delivery | None) -> str:
    """`by Argo CD and Flux, from clusters/prod/bundle`."""
    if delivery is None:
        return "by neither Argo CD nor Flux"
    tools = [name for name, tool in (("Argo CD", delivery.argocd), ("Flux", delivery.flux)) if tool]
    return f"by {' and '.join(tools) or 'no tool'}, from {delivery.path or 'the root of the repository'}"


def delivery_to_json(delivery: Delivery | None) -> dict[str, Any] | None:
    """The delivery in a lock; None if the bundle is applied manually."""
    if delivery is None:
        return None
    tools = {"argocd": delivery.argocd, "flux": delivery.flux}
    return {"path": delivery.path, **{name: asdict(tool) for name, tool in tools.items() if tool}}
