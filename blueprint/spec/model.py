"""The blueprint, version v1alpha2: strict, frozen models. Field descriptions are the reference documentation.

Sections that are not implemented yet are in NOT_YET, each with an alternative.
"""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field

from blueprint.spec.base import Model
from blueprint.spec.cluster import Cluster
from blueprint.spec.components import ComponentSpec
from blueprint.spec.delivery import DeliverySpec
from blueprint.spec.forms import VERSION, LabelKey, Name, Texts, to_tuple
from blueprint.spec.karpenter import KarpenterSpec
from blueprint.spec.observability import ObservabilitySpec
from blueprint.spec.pools import NodePool, PoolDefaults
from blueprint.spec.queueing import QueueingSpec
from blueprint.spec.tenants import PlanSpec, PolicySpec, TenantSpec

API_VERSION: Final = "gpublueprint.dev/v1alpha2"


class Metadata(Model):
    """The name, version and owners of this blueprint."""

    name: Name = Field(
        examples=["acme-prod-eu"],
        description="Names the platform: field manager, inventory and labels contain it. Do not rename.",
    )
    version: Annotated[str, Field(pattern=VERSION)] = Field(
        examples=["1.4.0"], default="0.0.0", description="Version of this blueprint, as in semantic versioning."
    )
    owners: Texts = Field(
        examples=[["gpu-platform@acme.example"]], default=(), description="Contacts: email addresses or teams."
    )


class Spec(Model):
    """The platform: its cluster, components, node pools and tenants."""

    OTHER_VALUES: ClassVar[dict[str, dict[str, tuple[str, str]]]] = {
        "gpuStack": {
            "clusterpolicy": (
                "operator",
                "the ClusterPolicy is gpuStack: operator with allocation: devicePlugin, the defaults",
            ),
            "gpucluster": ("operator", "the GPUCluster is gpuStack: operator with allocation: dra"),
        },
        "allocation": {
            "deviceplugin": ("devicePlugin", "write allocation: devicePlugin"),
            "device-plugin": ("devicePlugin", "write allocation: devicePlugin"),
        },
    }

    release: Annotated[str, Field(min_length=1)] = Field(
        examples=["2026.11"], description='A tested set of component versions, "2026.11".'
    )
    cluster: Cluster = Field(
        examples=[{"kubernetes": "1.36", "distribution": "eks"}], description="The cluster that the platform is for."
    )
    gpu_stack: Literal["operator", "standalone"] = Field(
        default="operator",
        description="Who runs the GPU stack. operator: the GPU Operator; standalone: its components without the "
        "operator, on nodes that have driver and container toolkit already.",
    )
    allocation: Literal["devicePlugin", "dra"] = Field(
        default="devicePlugin",
        description="How pods get GPUs. devicePlugin: they request a number of nvidia.com/gpu; dra: they claim devices "
        "with Dynamic Resource Allocation. The GPU Operator has a ClusterPolicy for the first and a GPUCluster for "
        "the second.",
    )
    compute_domains: bool | None = Field(
        examples=[True],
        default=None,
        description="Whether the DRA driver joins nodes into compute domains: memory that pods of several nodes share "
        "over NVLink. Default: where a pool has nvlinkDomain. true also brings the driver beside a device plugin under "
        "`gpuStack: standalone`.",
    )
    node_labels: Literal["apply", "provisioner"] | None = Field(
        default=None,
        description="Who sets the labels and taints of the pools' nodes: `blueprint apply`, or what provisions the "
        "nodes; drift verifies them either way. Default: provisioner on managed clouds, otherwise apply.",
    )
    pool_label: LabelKey | None = Field(
        examples=["acme.example/pool"],
        default=None,
        description="The node label whose value is the name of the node's pool. Pools without a selector are selected "
        "by it. Default: the label that the cloud sets, eks.amazonaws.com/nodegroup for example.",
    )
    pool_defaults: PoolDefaults = Field(
        examples=[{"taints": ["nvidia.com/gpu=true:NoSchedule"], "driver": {"branch": "580"}}],
        default={},
        validate_default=True,
        description="Defaults of every pool with GPUs; each pool overrides them.",
    )
    node_pools: dict[Name, NodePool] = Field(
        examples=[{"system": {"nodes": 3}, "train": {"nodes": 4, "gpu": {"product": "H100-SXM5-80GB", "count": 8}}}],
        min_length=1,
        description="The node pools by name.",
    )
    karpenter: KarpenterSpec | None = Field(
        examples=[{"nodeClasses": {"gpu": {"image": "al2023@v20260801", "role": "nodes", "discovery": "acme-prod"}}}],
        default=None,
        description="Settings shared by pools with `karpenter`; leave out if their node classes already exist.",
    )
    queueing: QueueingSpec | None = Field(
        examples=[{"kueue": {}, "priorities": {"production": 1000, "scratch": 0}}],
        default=None,
        description="Which engine queues workloads for the GPUs; leave out for none.",
    )
    tenants: dict[Name, TenantSpec] | None = Field(
        examples=[{"physics": {}, "lattice": {"parent": "physics", "namespaces": ["lattice"], "quota": {"train": 64}}}],
        default=None,
        description="The tenants that share the platform, by name; leave out for a single user.",
    )
    plans: dict[Name, PlanSpec] = Field(
        examples=[{"lab": {"namespaces": ["${tenant}"], "groups": ["oidc:${tenant}"]}}],
        default={},
        description="Settings shared by tenants, by name; `tenants.*.plan` refers to them.",
    )
    policy: PolicySpec = Field(
        examples=[{"podSecurity": "restricted"}],
        default={},
        validate_default=True,
        description="What workloads of tenants may do.",
    )
    observability: ObservabilitySpec | None = Field(
        examples=[{"prometheus": {"namespace": "monitoring", "selectorLabels": {"release": "kps"}}}],
        default=None,
        description="How nodes and GPUs are monitored; leave out for none.",
    )
    delivery: DeliverySpec | None = Field(
        examples=[{"path": "clusters/prod-eu", "argocd": {"repository": "https://git.acme.example/gpu"}}],
        default=None,
        description="Who else applies the bundle, besides `blueprint apply`: Argo CD or Flux; leave out for neither.",
    )
    hardware: Texts = Field(
        examples=[["hardware/*.yaml"]],
        default=(),
        description="Globs of files that describe GPU products which the catalogue does not have, in its own form, "
        "relative to the blueprint. Pools name them like any other.",
    )
    components: dict[Name, ComponentSpec] = Field(
        examples=[{"gpu-operator": {"settings": {"maxParallelUpgrades": 2}}}],
        default={},
        description="Components, where they differ from the release.",
    )
    extra_manifests: Texts = Field(
        examples=[["extra/*.yaml"]],
        default=(),
        description="Globs of further manifests, relative to the blueprint; checked and applied with the rest.",
    )


class Blueprint(Model):
    """A declared GPU platform on Kubernetes."""

    api_version: Literal["gpublueprint.dev/v1alpha2"] = Field(description="Version of this language.")
    kind: Literal["Blueprint"] = Field(description="Blueprint; overlays say Overlay.")
    metadata: Metadata = Field(description="Who and what this blueprint is.")
    extends: Annotated[
        tuple[str | Annotated[tuple[str, ...], BeforeValidator(to_tuple)], ...], BeforeValidator(to_tuple)
    ] = Field(
        examples=[["../base.yaml"]],
        default=(),
        description="Overlays to start from, lowest first: ready-made names or files.",
    )
    spec: Spec = Field(description="The platform: its cluster, components, node pools and tenants.")


class OverlayMetadata(Model):
    """The name and version of an overlay."""

    name: Name | None = Field(default=None, description="A name for people.")


class OverlayHead(Model):
    """The parts of an overlay outside of its spec; the spec itself is checked after merging."""

    api_version: Literal["gpublueprint.dev/v1alpha2"]
    kind: Literal["Overlay"]
    metadata: OverlayMetadata = Field(default={}, validate_default=True)
    extends: Any = None
    spec: Any = None
