"""The blueprint, version v1alpha1: strict, frozen models. Field descriptions are the reference documentation.

Sections and values that a later version will have are named in NOT_YET, so that they are refused by name.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel

API_VERSION = "gpublueprint.dev/v1alpha1"

FORMS: dict[str, str] = {}
"""What a pattern demands, in words, by pattern."""


def _form(pattern: str, words: str) -> str:
    """The anchored pattern, with its words remembered for diagnostics."""
    anchored = f"^{pattern}$"
    FORMS[anchored] = words
    return anchored


_DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_HOST = r"[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]+)?"
_LABEL_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"

NAME = _form(_DNS_LABEL, "lower-case letters, digits and dashes, with a letter or digit first and last")
LABEL_KEY = _form(
    rf"([a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_LABEL_NAME}",
    "an optional DNS name and a slash, then up to 63 letters, digits, dashes, dots and underscores",
)
LABEL_VALUE = _form(
    rf"({_LABEL_NAME})?", "up to 63 letters, digits, dashes, dots and underscores, a letter or digit first and last"
)
TAINT = _form(
    rf"({_LABEL_NAME})?:(NoSchedule|PreferNoSchedule|NoExecute)",
    '"value:Effect", where the value may be empty and the effect is NoSchedule, PreferNoSchedule or NoExecute',
)
HOST = _form(rf"(\*|{_HOST})", 'a registry host, with or without port, or "*" for every other one')
REPOSITORY = _form(
    r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]([-a-z0-9._]*[a-z0-9])?)*",
    "a host and optional path in lower case, without scheme or tag: reg.acme.example/mirror",
)
VERSION = _form(r"[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?", "a semantic version: 1.4.0")
KUBERNETES = _form(r"1\.[0-9]{1,3}(\.[0-9]{1,3})?", 'a version in quotes, "1.36" or "1.36.3"')
SYSTEM = _form(r"[a-z]+(-[0-9]+(\.[0-9]+)?)?", "a system and its version: ubuntu-24.04")
UID = _form(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a UUID in lower case")
BRANCH = _form(r"[0-9]{3}", 'three digits in quotes: "580"')
KIND = _form(r"[A-Z][A-Za-z0-9]*", "a kind, like DaemonSet")

Name = Annotated[str, Field(pattern=NAME, max_length=40)]
PoolName = Name
LabelKey = Annotated[str, Field(pattern=LABEL_KEY)]
LabelValue = Annotated[str, Field(pattern=LABEL_VALUE)]
TaintText = Annotated[str, Field(pattern=TAINT)]
Host = Annotated[str, Field(pattern=HOST)]
Repository = Annotated[str, Field(pattern=REPOSITORY)]


def _to_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[Name, ...], BeforeValidator(_to_tuple)]
Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_to_tuple)]


class Model(BaseModel):
    """Strict and frozen; keys are camelCase in YAML and snake_case here.

    NOT_YET names keys, and values of a key, that belong to the language but not to this version.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False, defer_build=True
    )
    NOT_YET: ClassVar[frozenset[str]] = frozenset()
    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {}


class Metadata(Model):
    """Who and what this blueprint is."""

    name: Name = Field(description="Names the platform: field manager, inventory and labels carry it. Do not rename.")
    version: Annotated[str, Field(pattern=VERSION)] = Field(
        default="0.0.0", description="Version of this blueprint, as in semantic versioning."
    )
    owners: Texts = Field(default=(), description="Whom to ask: mail addresses or teams.")


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


def _count_as_range(value: Any) -> Any:
    return {"min": value, "max": value} if isinstance(value, int) and not isinstance(value, bool) else value


class NodeCount(Model):
    """How many nodes a pool has; one number stands for both."""

    min: Annotated[int, Field(ge=0, le=100_000)] = Field(description="Fewest nodes.")
    max: Annotated[int, Field(ge=0, le=100_000)] = Field(description="Most nodes.")

    @model_validator(mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return _count_as_range(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        number = {"type": "integer", "minimum": 0, "maximum": 100_000}
        return {"anyOf": [number, handler.resolve_ref_schema(handler(core))]}

    @model_validator(mode="after")
    def _in_order(self) -> NodeCount:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is greater than max ({self.max})")
        return self


class PoolGpu(Model):
    """The GPUs of each node of a pool."""

    NOT_YET = frozenset({"mig", "sharing"})

    product: Annotated[str, Field(min_length=1)] = Field(
        description="Product name from the hardware catalogue, for example H100-SXM5-80GB."
    )
    count: Annotated[int, Field(ge=1, le=16)] = Field(description="GPUs per node.")


class PoolDriver(Model):
    """Who installs the driver, and which."""

    owner: Literal["operator", "host", "provider"] = Field(
        default="operator",
        description="operator: the GPU Operator installs it; host: the node image has it; provider: the cloud brings it.",
    )
    branch: Annotated[str, Field(pattern=BRANCH)] | None = Field(
        default=None, description="Driver branch, for example 580. Default: the release's, where the operator owns it."
    )
    kernel_modules: Literal["auto", "open", "proprietary"] = Field(
        default="auto", description="Which kernel modules the operator builds; auto follows the GPU."
    )


class PoolExpect(Model):
    """Further facts that a node probe must find on every node of the pool."""

    ecc: bool | None = Field(default=None, description="Whether ECC is on, now and after the next reset.")
    persistence_mode: bool | None = Field(default=None, description="Whether persistence mode is on.")


class NodePool(Model):
    """A group of nodes that are alike."""

    NOT_YET = frozenset(
        {"machine", "owner", "network", "topology", "kubelet", "nvlinkDomain", "karpenter", "queue", "costPerGpuHour",
         "allocation", "kata"}
    )  # fmt: skip

    nodes: NodeCount = Field(description="How many nodes: a number, or {min, max} where an autoscaler decides.")
    selector: dict[LabelKey, LabelValue] = Field(
        min_length=1, description="Labels by which the pool's nodes are known. Somebody else puts them on the nodes."
    )
    taints: dict[LabelKey, TaintText] = Field(
        default={}, description='Taints of the pool\'s nodes, key to "value:Effect". Every operand tolerates them.'
    )
    gpu: PoolGpu | None = Field(default=None, description="The GPUs of each node; leave out for nodes without.")
    driver: PoolDriver = Field(default=PoolDriver(), description="The NVIDIA driver of the pool's nodes.")
    expect: PoolExpect = Field(default=PoolExpect(), description="Further facts a node probe must find.")


class PatchTarget(Model):
    """The object that a patch changes."""

    kind: Annotated[str, Field(pattern=KIND)] = Field(description="Kind of the object.")
    name: Annotated[str, Field(min_length=1)] = Field(description="Name of the object.")
    namespace: Name | None = Field(default=None, description="Namespace, where several objects share kind and name.")


class Patch(Model):
    """A change to one rendered object that no setting expresses."""

    target: PatchTarget = Field(description="Which object.")
    merge: dict[str, Any] = Field(
        min_length=1, description="JSON merge patch (RFC 7386): maps merge, lists are replaced, null removes."
    )
    reason: Annotated[str, Field(min_length=3)] = Field(description="Why; shown wherever the field is traced.")


class ComponentSpec(Model):
    """What differs from the release for one component."""

    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {"ownership": ("chart",)}

    ownership: Literal["managed", "external", "absent"] = Field(
        default="managed",
        description="managed: rendered and applied; external: somebody else installs it; absent: not there.",
    )
    settings: dict[str, Any] = Field(default={}, description="Typed settings; the component's page lists them.")
    patches: Annotated[tuple[Patch, ...], BeforeValidator(_to_tuple)] = Field(
        default=(), description="Changes to rendered objects that no setting expresses."
    )


class Spec(Model):
    """What the platform is."""

    NOT_YET = frozenset({"computeDomains", "queueing", "tenants", "plans", "policy", "observability", "delivery"})
    NOT_YET_VALUES: ClassVar[dict[str, tuple[str, ...]]] = {"gpuStack": ("gpuCluster", "standalone")}

    release: Annotated[str, Field(min_length=1)] = Field(description='The tested set of component versions, "2026.11".')
    cluster: Cluster = Field(description="The cluster that the platform is for.")
    gpu_stack: Literal["clusterPolicy"] = Field(
        default="clusterPolicy",
        description="How GPUs reach pods: clusterPolicy is the GPU Operator with the device plugin.",
    )
    node_labels: Literal["apply", "provisioner"] = Field(
        default="provisioner",
        description="Who puts the pools' labels and taints on nodes: apply, or whoever makes the nodes; drift verifies.",
    )
    node_pools: dict[PoolName, NodePool] = Field(min_length=1, description="The node pools by name.")
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
        tuple[str | Annotated[tuple[str, ...], BeforeValidator(_to_tuple)], ...], BeforeValidator(_to_tuple)
    ] = Field(default=(), description="Overlays to start from, lowest first: ready-made names or files.")
    spec: Spec = Field(description="What the platform is.")


class OverlayMetadata(Model):
    """Who and what an overlay is."""

    name: Name | None = Field(default=None, description="A name for people.")


class OverlayHead(Model):
    """What surrounds the spec of an overlay; the spec itself is checked where it ends up."""

    api_version: Literal["gpublueprint.dev/v1alpha1"]
    kind: Literal["Overlay"]
    metadata: OverlayMetadata = OverlayMetadata()
    extends: Any = None
    spec: Any = None
