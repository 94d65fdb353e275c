"""How the manifests of a bundle get to the cluster, where somebody else than `blueprint apply` brings them."""

from __future__ import annotations

from blueprint.records import Record


class ArgoCD(Record, kw_only=True):
    """Applications of Argo CD.

    Attributes:
        repository: The URL of the repository that the bundle is committed to.
        revision: What of it is applied: a branch, a tag, a commit.
        project: The AppProject of the Applications.
        namespace: The namespace of Argo CD.
        server: The API server of the cluster, as Argo CD knows it.
        self_heal: Whether Argo CD undoes what is changed in the cluster.
    """

    repository: str
    revision: str
    project: str
    namespace: str
    server: str
    self_heal: bool


class Flux(Record, kw_only=True):
    """Kustomizations of Flux.

    Attributes:
        source: The name of the source that the bundle is committed to.
        source_kind: `GitRepository`, `OCIRepository` or `Bucket`.
        namespace: The namespace of the Kustomizations and of their source.
        interval: How often Flux compares.
        timeout: How long one stage may take.
    """

    source: str
    source_kind: str
    namespace: str
    interval: str
    timeout: str


class Delivery(Record, kw_only=True):
    """`path` is the bundle's folder in the repository, without slashes at its ends; empty for the repository itself."""

    path: str
    argocd: ArgoCD | None = None
    flux: Flux | None = None
