"""The blueprint, version v1alpha1: strict, frozen models. Field descriptions are the reference documentation.

Sections and values that a later version will have are named in NOT_YET, so that they are refused by name.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from blueprint.spec.base import Model
from blueprint.spec.cluster import Cluster
from blueprint.spec.components import ComponentSpec
from blueprint.spec.delivery import DeliverySpec
from blueprint.spec.forms import VERSION, Name, Texts, to_tuple
from blueprint.spec.observability import ObservabilitySpec
from blueprint.spec.pools import NodePool

API_VERSION = "gpublueprint.dev/v1alpha1"


class Metadata(Model):
    """Who and what this blueprint is."""

    name: Name = Field(description="Names the platform: field manager, inventory and labels carry it. Do not rename.")
    version: Annotated[str, Field(pattern=VERSION)] = Field(
        default="0.0.0", description="Version of this blueprint, as in semantic versioning."
    )
    owners: Texts = Field(default=(), description="Whom to ask: mail addresses or teams.")


class Spec(Model):
    """What the platform is."""

    NOT_YET = frozenset({"computeDomains", "queueing", "tenants", "plans", "policy"})

    release: Annotated[str, Field(min_length=1)] = Field(description='The tested set of component versions, "2026.11".')
    cluster: Cluster = Field(description="The cluster that the platform is for.")
    gpu_stack: Literal["clusterPolicy", "gpuCluster", "standalone"] = Field(
        default="clusterPolicy",
        description="How GPUs reach pods: clusterPolicy is the GPU Operator with the device plugin; gpuCluster is the "
        "GPU Operator with the DRA driver, whose pods claim GPUs instead of counting them; standalone is device "
        "plugin, feature discovery and exporter alone, on nodes that have driver and toolkit already.",
    )
    node_labels: Literal["apply", "provisioner"] = Field(
        default="provisioner",
        description="Who labels and taints the pools' nodes: apply, or the node provisioner; drift verifies.",
    )
    node_pools: dict[Name, NodePool] = Field(min_length=1, description="The node pools by name.")
    observability: ObservabilitySpec | None = Field(
        default=None, description="How nodes and GPUs are watched; leave out for nothing."
    )
    delivery: DeliverySpec | None = Field(
        default=None,
        description="Who applies the bundle beside `blueprint apply`: Argo CD or Flux; leave out for neither.",
    )
    hardware: Texts = Field(
        default=(),
        description="Globs of files that describe GPU products which the catalogue does not have, in its own form, "
        "relative to the blueprint. Pools name them like any other.",
    )
    components: dict[Name, ComponentSpec] = Field(
        default={}, description="Components, where they differ from the release."
    )
    extra_manifests: Texts = Field(
        default=(),
        description="Globs of further manifests, relative to the blueprint; checked and applied with the rest.",
    )


class Blueprint(Model):
    """A GPU platform on Kubernetes, declared."""

    api_version: Literal["gpublueprint.dev/v1alpha1"] = Field(description="Version of this language.")
    kind: Literal["Blueprint"] = Field(description="Blueprint; overlays say Overlay.")
    metadata: Metadata = Field(description="Who and what this blueprint is.")
    extends: Annotated[
        tuple[str | Annotated[tuple[str, ...], BeforeValidator(to_tuple)], ...], BeforeValidator(to_tuple)
    ] = Field(default=(), description="Overlays to start from, lowest first: ready-made names or files.")
    spec: Spec = Field(description="What the platform is.")


class OverlayMetadata(Model):
    """Who and what an overlay is."""

    name: Name | None = Field(default=None, description="A name for people.")


class OverlayHead(Model):
    """What surrounds the spec of an overlay; the spec itself is checked where it ends up."""

    api_version: Literal["gpublueprint.dev/v1alpha1"]
    kind: Literal["Overlay"]
    metadata: OverlayMetadata = Field(default={}, validate_default=True)
    extends: Any = None
    spec: Any = None
