"""`spec.delivery`: the controller in the cluster that applies the compiled bundle, and its source."""

from typing import Annotated, Literal

from pydantic import Field

from blueprint.spec.base import Model
from blueprint.spec.forms import Name, form

FOLDER = form(
    r"(\.|[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*)",
    'a path in the repository, without a slash at its ends: clusters/prod/bundle, or "." for the repository itself',
)
REPOSITORY_URL = form(
    r"(https?://|ssh://|oci://|[A-Za-z0-9._-]+@)[^\s\"'{}]+", "a URL of git, like https://git.example/platform.git"
)
SERVER_URL = form(r"https://[^\s\"'{}]+", "the address of an API server: https://kubernetes.default.svc")
FLUX_DURATION = form(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+", "a duration: 30s, 10m, 1h30m")
REVISION = form(r"[A-Za-z0-9][A-Za-z0-9._/-]*", "a branch, a tag or a commit")


class ArgoCDSpec(Model):
    """Argo CD: an Application for each stage, and one that creates them."""

    repository: Annotated[str, Field(pattern=REPOSITORY_URL)] = Field(
        examples=["https://git.acme.example/gpu"], description="URL of the repository that the bundle is committed to."
    )
    revision: Annotated[str, Field(pattern=REVISION)] = Field(
        examples=["main"], default="HEAD", description="What of it is applied: a branch, a tag or a commit."
    )
    project: Name = Field(examples=["platform"], default="default", description="The AppProject of the Applications.")
    namespace: Name = Field(examples=["argocd"], default="argocd", description="The namespace of Argo CD.")
    server: Annotated[str, Field(pattern=SERVER_URL)] = Field(
        examples=["https://kubernetes.default.svc"],
        default="https://kubernetes.default.svc",
        description="The API server of the cluster, as Argo CD knows it.",
    )
    self_heal: bool = Field(default=False, description="Whether Argo CD reverts changes in the cluster.")


class FluxSpec(Model):
    """Flux: a Kustomization for each stage, each depending on the previous one."""

    source: Name = Field(examples=["platform"], description="Name of the source that the bundle is committed to.")
    source_kind: Literal["GitRepository", "OCIRepository", "Bucket"] = Field(
        default="GitRepository", description="Kind of the source."
    )
    namespace: Name = Field(
        examples=["flux-system"],
        default="flux-system",
        description="The namespace of the source and the Kustomizations.",
    )
    interval: Annotated[str, Field(pattern=FLUX_DURATION)] = Field(
        examples=["10m"], default="10m", description="How often Flux compares cluster and source."
    )
    timeout: Annotated[str, Field(pattern=FLUX_DURATION)] = Field(
        examples=["15m"], default="30m", description="How long a stage may take to become ready."
    )


class DeliverySpec(Model):
    """The controllers for which the bundle contains files in its folder delivery/."""

    path: Annotated[str, Field(pattern=FOLDER)] = Field(
        examples=["clusters/prod-eu"],
        description='The bundle\'s folder in the repository; "." where the bundle is the repository.',
    )
    argocd: ArgoCDSpec | None = Field(
        examples=[{"repository": "https://git.acme.example/gpu"}],
        default=None,
        description="Applications of Argo CD; leave out for none.",
    )
    flux: FluxSpec | None = Field(
        examples=[{"source": "platform"}], default=None, description="Kustomizations of Flux; leave out for none."
    )
