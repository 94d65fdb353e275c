"""`spec.cluster`: the cluster that the platform is for."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprint.spec.base import Model
from blueprint.spec.forms import KUBERNETES, SYSTEM, UID, Host, Names, Repository


class Registries(Model):
    """Where images are pulled from."""

    mirrors: dict[Host, Repository] = Field(
        default={}, description='Registry host to the mirror that stands in for it; "*" is every other registry.'
    )
    pull_secrets: Names = Field(
        default=(), description="Secrets of type dockerconfigjson, by name, that exist in the components' namespaces."
    )


class Cluster(Model):
    """The cluster that the platform is for."""

    NOT_YET = frozenset({"topology"})
    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {"distribution": ("gke", "openshift")}

    kubernetes: Annotated[str, Field(pattern=KUBERNETES)] = Field(
        description="Kubernetes version, with or without the patch. Every object is checked against its API."
    )
    distribution: Literal["vanilla", "eks", "aks", "rke2", "k3s"] = Field(
        default="vanilla",
        description="Who packages Kubernetes: decides paths of the container runtime and prerequisites.",
    )
    os: Annotated[str, Field(pattern=SYSTEM)] = Field(
        default="ubuntu-24.04", description="Operating system of the GPU nodes; part of the driver image's tag."
    )
    uid: Annotated[str, Field(pattern=UID)] | None = Field(
        default=None, description="UID of the kube-system namespace; apply refuses any other cluster."
    )
    registries: Registries = Field(default=Registries(), description="Where images are pulled from.")
