"""`spec.tenants`, `spec.plans`, `spec.policy`: who shares the platform, their quotas, and their permissions."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator

from blueprint.spec.base import Model
from blueprint.spec.forms import MEMORY, Name, Texts, form, matches_form, to_tuple

TENANT = "${tenant}"
"""The placeholder for the tenant's name in a plan."""
NAMESPACE = form(
    r"([a-z0-9-]|\$\{tenant\})+",
    "lower-case letters, digits and dashes; ${tenant} stands for the tenant's name",
)
RESOURCE = form(
    r"(gpu|cpu|memory|reserved|on-demand|spot|[1-9]g\.[1-9][0-9]{0,2}gb([-+][a-z]+(\.[a-z]+)?)?)",
    "gpu, a MIG profile like 1g.10gb, a purchase type (reserved, on-demand, spot), cpu or memory",
)
MOST = 1_000_000
AMOUNT_KEYS = {"guaranteed", "borrow", "lend"}
"""The keys of an amount."""

_AMOUNT_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MOST}, {"type": "string", "pattern": MEMORY}]}


def _amount(value: Any) -> Any:
    """A number or a memory quantity, unchanged. Raises ValueError with the error."""
    number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
    if number or (isinstance(value, str) and matches_form(MEMORY, value)):
        return value
    if isinstance(value, str) and value.isdecimal():
        raise ValueError(f"write {value} without quotes: a text is an amount of memory, and that has a unit, like 4Ti")
    shown = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else value
    raise ValueError(f"{shown} is not an amount: a whole number up to {MOST}, or for memory a quantity like 4Ti")


Amount = Annotated[int | str, BeforeValidator(_amount), WithJsonSchema(_AMOUNT_SCHEMA)]


class QuotaAmount(Model):
    """The amount of one resource. A single number is the guaranteed amount."""

    FORM = "a number or a mapping of guaranteed, borrow and lend"

    guaranteed: Amount = Field(
        examples=[64], default=0, description="What the tenant always gets back. Memory is a quantity, 4Ti."
    )
    borrow: Amount | None = Field(
        examples=[32],
        default=None,
        description="How much more it may use while others of its group leave it unused. Default: all of it.",
    )
    lend: Amount | None = Field(
        examples=[16],
        default=None,
        description="How much of what is guaranteed others may use while it is unused. Default: all of it.",
    )

    @model_validator(mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"guaranteed": value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [*_AMOUNT_SCHEMA["anyOf"], handler.resolve_ref_schema(handler(core))]}


def _of_gpus(value: Any) -> Any:
    """The quota of a pool by resource: without a resource name, it applies to GPUs."""
    alone = not isinstance(value, dict) or (value.keys() and value.keys() <= AMOUNT_KEYS)
    return {"gpu": value} if alone and not isinstance(value, list) else value


class _WithShorthand:
    """The schema of a mapping by resource that may also be a single amount."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        by_resource = handler(core)
        amount = next(iter(by_resource["patternProperties"].values()))
        return {"anyOf": [amount, by_resource]}


PoolQuota = Annotated[
    dict[Annotated[str, Field(pattern=RESOURCE)], QuotaAmount],
    Field(min_length=1),
    BeforeValidator(_of_gpus),
    _WithShorthand,
]
"""A tenant's quota for one pool, by resource."""


class TenantSettings(Model):
    """Common settings of tenants and plans."""

    namespaces: (
        Annotated[tuple[Annotated[str, Field(pattern=NAMESPACE, min_length=1)], ...], BeforeValidator(to_tuple)] | None
    ) = Field(
        examples=[["lattice"], [TENANT]],
        default=None,
        description="Its namespaces, which the platform creates. A tenant without namespaces is a group of others.",
    )
    groups: Texts | None = Field(
        examples=[["oidc:lattice"]],
        default=None,
        description="Groups of users that may work in its namespaces, as the API server knows them.",
    )
    network: Literal["isolated", "open"] | None = Field(
        default=None,
        description="Who may connect to its pods. isolated: the tenant's own namespaces and Prometheus alone; open: "
        "everyone. Default: isolated.",
    )
    weight: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        examples=[2],
        default=None,
        description="Its share of what the tenants of a group borrow, in proportion to the others. Default: 1.",
    )
    priority_cap: Name | None = Field(
        examples=["research"],
        default=None,
        description="The highest of `queueing.priorities` that its workloads may have. Default: any.",
    )
    quota: dict[Name, PoolQuota] | None = Field(
        examples=[{"train": {"guaranteed": 64, "borrow": 32, "lend": 16}}, {"train": 64, "mig": {"1g.10gb": 28}}],
        default=None,
        description="What it has of each pool, in units that pods can request: GPUs, MIG instances, replicas of shared "
        "GPUs. Of a pool whose machines are bought in several ways, GPUs by purchase type. Pools that offer the same "
        "are tried in the order of their names. Of a group: what its members share on top of their own.",
    )
    workloads: Texts | None = Field(
        examples=[["gpu-job", "vllm"]],
        default=None,
        description="Workloads that its users start from: files in the bundle, for each pool that they fit. Nothing "
        "applies them. `blueprint explain workloads` lists them.",
    )


class TenantSpec(TenantSettings):
    """A user of the platform, or a group of users that lend quota to each other."""

    parent: Name | None = Field(
        examples=["physics"],
        default=None,
        description="The group that it belongs to; its members lend each other what they do not use.",
    )
    plan: Name | None = Field(
        examples=["lab"], default=None, description="The plan whose values it uses where it sets none."
    )


class PlanSpec(TenantSettings):
    """The defaults of tenants with this plan."""

    ELSEWHERE: ClassVar[dict[str, str]] = {
        "parent": "each tenant sets its own group",
        "plan": "a plan cannot refer to another plan",
    }


FaultName = Annotated[str, Field(pattern=form(r"[a-z][a-z0-9-]*", "a fault like row-remap-failure, or xid-79"))]


class PolicySpec(Model):
    """The permissions of tenants' workloads, and the reactions to GPU faults."""

    pod_security: Literal["privileged", "baseline", "restricted"] = Field(
        default="baseline", description="The Pod Security Standard that the namespaces of tenants enforce."
    )
    health: dict[FaultName, Literal["watch", "drain", "reset", "reboot", "replace"]] = Field(
        examples=[{"row-remap-failure": "replace", "xid-79": "drain"}],
        default={},
        description="What is to be done about faults of GPUs, by fault or Xid. Alerts about them have it as the label "
        "`reaction`, by which they are routed; nothing is drained or reset by this tool.",
    )
    admission: bool = Field(
        default=True,
        description="Whether admission policies hold workloads of tenants to what is theirs: devices through the queue "
        "alone, and only nodes, device classes, runtime classes and priorities that the platform gives them.",
    )
