"""`karpenter` of a node pool and `spec.karpenter`: EC2 nodes that Karpenter creates for pending pods."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from blueprint.spec.base import Model
from blueprint.spec.forms import INSTANCE_TYPE, KUBECTL_TAINT, Name, Texts, form, to_tuple

KARPENTER = "karpenter"
"""The key in a node pool, and of the section."""
Purchase = Literal["reserved", "on-demand", "spot"]
"""The purchase type of a machine."""
PURCHASES: tuple[Purchase, ...] = ("reserved", "on-demand", "spot")
"""All purchase types, the most reliable first."""
ANY_PURCHASE = "always"
"""The key of a price that applies to all purchase types."""
Price = Annotated[float, Field(gt=0, le=1000)]
_PRICE_SCHEMA = {"type": "number", "exclusiveMinimum": 0, "maximum": 1000}
_PRICES_SCHEMA = {
    "anyOf": [
        _PRICE_SCHEMA,
        {
            "type": "object",
            "properties": {purchase: {**_PRICE_SCHEMA, "examples": [2.5]} for purchase in PURCHASES},
            "additionalProperties": False,
            "minProperties": 1,
        },
    ]
}


def _every_purchase(value: Any) -> Any:
    """A single price applies to all purchase types."""
    return value if isinstance(value, dict) else {ANY_PURCHASE: value}


Prices = Annotated[
    dict[Literal["reserved", "on-demand", "spot", "always"], Price],
    Field(min_length=1),
    BeforeValidator(_every_purchase),
    WithJsonSchema(_PRICES_SCHEMA),
]
"""The price of a GPU hour: one number, or one per purchase type."""
DURATION = form(r"([0-9]+(h|m|s))+", "a duration: 30s, 45m, 1h30m")
DURATION_OR_NEVER = form(r"(([0-9]+(h|m|s))+|Never)", "a duration like 10m or 720h, or Never")
NODES_OR_PERCENT = form(r"((100|[0-9]{1,2})%|[0-9]+)", 'a number of nodes, or percent of them in quotes: 1, "10%"')
CRON = form(
    r"(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|\S+( \S+){4})",
    'a schedule as cron takes it, in UTC: "0 22 * * 6"',
)
WINDOW = form(r"(([0-9]+(h|m))|([0-9]+h[0-9]+m))", "a duration in hours and minutes: 8h, 1h30m")
ALIAS = form(r"[a-z0-9]+@\S+", "family@version: al2023@v20260801, bottlerocket@v1.50.0")
VOLUME = form(r"[1-9][0-9]{0,4}(Gi|Ti)", "a number and its unit: 200Gi, 1Ti")
AMI = form(r"ami-[0-9a-z]+", "an image of EC2: ami-0123456789abcdef0")
RESERVATION = form(r"cr-[0-9a-z]+", "a capacity reservation of EC2: cr-0123456789abcdef0")
DEVICE = form(r"/dev/[a-z0-9]+", "a device: /dev/xvda")


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class DisruptionBudget(Model):
    """The number of nodes that Karpenter may disrupt at the same time."""

    nodes: Annotated[
        str,
        Field(pattern=NODES_OR_PERCENT),
        BeforeValidator(_as_text),
        WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": NODES_OR_PERCENT}]}),
    ] = Field(examples=["10%", 0], description="The most nodes at once, or percent of the pool's; 0 for none.")
    reasons: Annotated[tuple[Literal["empty", "underutilized", "drifted"], ...], BeforeValidator(to_tuple)] = Field(
        examples=[["drifted"]], default=(), description="The reasons it applies to. Default: all."
    )
    schedule: Annotated[str, Field(pattern=CRON)] | None = Field(
        examples=["0 22 * * 6"],
        default=None,
        description="When it begins to apply, in UTC. Default: it always applies.",
    )
    duration: Annotated[str, Field(pattern=WINDOW)] | None = Field(
        examples=["8h"], default=None, description="How long it then applies."
    )

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.schedule is None) != (self.duration is None):
            raise ValueError("schedule and duration need each other")
        return self


class PoolDisruption(Model):
    """When Karpenter may remove nodes of a pool."""

    when: Literal["empty", "underutilized", "never"] = Field(
        default="empty",
        description="Which nodes it removes. empty: those on which nothing runs; underutilized: also those "
        "whose pods fit elsewhere, which are then evicted; never: none. Nodes of an outdated template are removed when "
        "they are empty; with underutilized, even while pods run on them.",
    )
    after: Annotated[str, Field(pattern=DURATION)] = Field(
        examples=["10m"], default="10m", description="How long a node must be in this state before it is removed."
    )
    expire_after: Annotated[str, Field(pattern=DURATION_OR_NEVER)] = Field(
        examples=["720h"],
        default="Never",
        description="The age at which a node is removed, regardless of what runs on it.",
    )
    grace_period: Annotated[str, Field(pattern=DURATION)] | None = Field(
        examples=["24h"],
        default=None,
        description="How long pods that block eviction can delay the removal of a node. Default: without limit.",
    )
    budgets: Annotated[tuple[DisruptionBudget, ...], BeforeValidator(to_tuple)] | None = Field(
        examples=[[{"nodes": "10%"}, {"nodes": 0, "schedule": "0 8 * * 1-5", "duration": "10h"}]],
        default=None,
        description="How many nodes are removed at once. Default: all empty nodes, and no others; "
        "with underutilized, 10% of all.",
    )


class PoolKarpenter(Model):
    """Karpenter creates nodes of the pool for pending pods, and removes nodes that are no longer needed."""

    OTHER_VALUES: ClassVar[dict[str, dict[str, tuple[str, str]]]] = {
        "capacity": {
            "ondemand": ("on-demand", "Karpenter calls it on-demand"),
            "reservation": ("reserved", "Karpenter calls it reserved"),
        }
    }

    node_class: Name = Field(
        examples=["gpu"],
        description="The node class: what the machines are started with. One of `spec.karpenter.nodeClasses`, or one "
        "that is in the cluster already.",
    )
    instance_types: Annotated[
        tuple[Annotated[str, Field(pattern=INSTANCE_TYPE)], ...], BeforeValidator(to_tuple), Field(min_length=1)
    ] = Field(
        examples=[["g6e.12xlarge"], ["p5.48xlarge"]],
        description="The allowed instance types. All must have the same GPU product, number of GPUs and "
        "processor architecture; the smallest processor count and memory apply.",
    )
    capacity: Annotated[tuple[Purchase, ...], BeforeValidator(to_tuple), Field(min_length=1)] = Field(
        examples=[["spot"], ["reserved", "on-demand"]],
        default=("on-demand",),
        description="Purchase types of the machines: reserved, on-demand, spot. Each becomes a "
        "flavor; they are tried in "
        "that order.",
    )
    zones: Texts = Field(
        examples=[["eu-central-1a"]], default=(), description="Availability zones. Default: those of the node class."
    )
    weight: Annotated[int, Field(ge=1, le=100)] | None = Field(
        examples=[10],
        default=None,
        description="Priority among pools that a pod fits: the highest weight is tried first.",
    )
    static: bool = Field(
        default=False,
        description="Whether all nodes always exist. Karpenter's feature gate StaticCapacity must be enabled.",
    )
    disruption: PoolDisruption = Field(
        examples=[{"when": "underutilized", "after": "5m"}],
        default={},
        validate_default=True,
        description="When nodes are removed. Default: when nothing has run on them for ten minutes.",
    )
    startup_taints: Annotated[tuple[Annotated[str, Field(pattern=KUBECTL_TAINT)], ...], BeforeValidator(to_tuple)] = (
        Field(
            examples=[["ebs.csi.aws.com/agent-not-ready:NoExecute"]],
            default=(),
            description="Taints that new nodes have until something of yours removes them.",
        )
    )

    @field_validator("static")
    @classmethod
    def _without_weight(cls, static: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - the value of the field
        if static and info.data.get("weight") is not None:
            raise ValueError("a static pool has no weight: its nodes are always there")
        return static


class Selected(Model):
    """Subnets, security groups or capacity reservations of EC2: by tags, by IDs, or both."""

    tags: dict[str, str] | None = Field(
        examples=[{"team": "ml"}],
        default=None,
        min_length=1,
        max_length=20,
        description="Those that have all of these tags.",
    )
    ids: Texts = Field(examples=[["subnet-0123456789abcdef0"]], default=(), description="Those with these ids.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.tags and not self.ids:
            raise ValueError("tags or ids must be given")
        return self


class NodeImages(Model):
    """The image of the machines."""

    FORM = "family@version or a mapping"

    alias: Annotated[str, Field(pattern=ALIAS, max_length=30)] | None = Field(
        examples=["al2023@v20260801"],
        default=None,
        description="An image that AWS publishes, as family@version. For GPU nodes it is the variant "
        "with NVIDIA's driver.",
    )
    family: Literal["al2023", "bottlerocket", "custom"] | None = Field(
        default=None, description="How images that are not an alias are set up when they start."
    )
    ids: Annotated[tuple[Annotated[str, Field(pattern=AMI)], ...], BeforeValidator(to_tuple)] = Field(
        examples=[["ami-0123456789abcdef0"]], default=(), description="Images by id."
    )
    name: Annotated[str, Field(min_length=1)] | None = Field(
        examples=["acme-gpu-*"], default=None, description="Images by name, which may have an asterisk."
    )
    owner: Annotated[str, Field(min_length=1)] | None = Field(
        examples=["self", "099720109477"], default=None, description="The account that owns the named images."
    )
    tags: dict[str, str] | None = Field(
        examples=[{"team": "ml"}],
        default=None,
        min_length=1,
        max_length=20,
        description="Images that have all of these tags.",
    )

    @model_validator(mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return {"alias": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "pattern": ALIAS}, handler.resolve_ref_schema(handler(core))]}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        others = self.ids or self.name or self.owner or self.tags
        if self.alias and (others or self.family):
            raise ValueError("an alias selects the images completely: remove the others")
        if not self.alias and not (self.ids or self.name or self.tags):
            raise ValueError("an alias, ids, a name or tags must be given")
        if not self.alias and not self.family:
            raise ValueError("images that are not an alias need a family: al2023, bottlerocket or custom")
        if self.owner and not (self.name or self.tags):
            raise ValueError("owner needs a name or tags")
        return self


class NodeClassSpec(Model):
    """The configuration of machines that Karpenter starts: image, permissions, network and disks."""

    image: NodeImages = Field(
        examples=["al2023@v20260801", {"family": "custom", "name": "acme-gpu-*", "owner": "self"}],
        description="The image: family@version of one that AWS publishes, or a mapping that selects your own.",
    )
    role: Annotated[str, Field(min_length=1)] | None = Field(
        examples=["KarpenterNodeRole-acme"], default=None, description="The IAM role of the nodes."
    )
    instance_profile: Annotated[str, Field(min_length=1)] | None = Field(
        examples=["acme-gpu-nodes"], default=None, description="The instance profile of the nodes, instead of a role."
    )
    discovery: Annotated[str, Field(min_length=1)] | None = Field(
        examples=["acme-prod"],
        default=None,
        description="The value of the tag karpenter.sh/discovery on the cluster's subnets and security groups.",
    )
    subnets: Selected | None = Field(
        examples=[{"tags": {"tier": "private"}}],
        default=None,
        description="The subnets, if the tag does not select them.",
    )
    security_groups: Selected | None = Field(
        examples=[{"ids": ["sg-0123456789abcdef0"]}],
        default=None,
        description="The security groups, if the tag does not select them.",
    )
    root_volume: Annotated[str, Field(pattern=VOLUME)] = Field(
        examples=["500Gi"],
        default="100Gi",
        description="The size of the disk with the container images.",
    )
    root_device: Annotated[str, Field(pattern=DEVICE)] | None = Field(
        examples=["/dev/sda1"],
        default=None,
        description="The device of that disk. Default: that of the image's family.",
    )
    instance_store: Literal["raid0"] | None = Field(
        default=None, description="raid0: local NVMe disks become one, for container images and scratch data."
    )
    reservations: Selected | None = Field(
        examples=[{"ids": ["cr-0123456789abcdef0"]}],
        default=None,
        description="The capacity reservations that pools with capacity: [reserved] use, capacity blocks included.",
    )
    placement_group: Annotated[str, Field(min_length=1)] | None = Field(
        examples=["gpu-cluster"],
        default=None,
        description="The placement group, which places machines close together.",
    )
    tags: dict[str, str] = Field(
        examples=[{"cost-centre": "4711"}], default={}, max_length=40, description="Tags of the machines."
    )
    user_data: Annotated[str, Field(min_length=1)] | None = Field(
        examples=["[settings.kernel]\nlockdown = 'integrity'\n"],
        default=None,
        description="The image's user data, in the format of its family.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.role is None) == (self.instance_profile is None):
            raise ValueError("one of role and instanceProfile must be given, and not both")
        if not self.discovery and not (self.subnets and self.security_groups):
            raise ValueError("discovery, or both subnets and securityGroups, must be given")
        if self.discovery and self.subnets and self.security_groups:
            raise ValueError("nothing reads discovery beside subnets and securityGroups: remove it")
        return self


class KarpenterSpec(Model):
    """Common settings of the pools whose nodes Karpenter creates."""

    node_classes: dict[Name, NodeClassSpec] = Field(
        examples=[{"gpu": {"image": "al2023@v20260801", "role": "KarpenterNodeRole-acme", "discovery": "acme-prod"}}],
        min_length=1,
        description="The node classes by name; `nodePools.*.karpenter.nodeClass` refers to them.",
    )
