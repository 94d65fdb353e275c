"""`spec.nodePools`: groups of nodes that are alike."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler, model_validator

from blueprint.spec.base import Model
from blueprint.spec.driver import PoolDriver, PoolOwner
from blueprint.spec.forms import LabelKey, LabelValue, TaintText
from blueprint.spec.machine import DomainSize, NvlinkDomain, PoolKubelet, PoolMachine
from blueprint.spec.network import PoolNetwork
from blueprint.spec.partition import PoolMig, PoolSharing


def _count_as_range(value: Any) -> Any:
    return {"min": value, "max": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _without_default(schema: dict[str, Any]) -> None:
    """The default stands in another field, so the schema has none to show."""
    del schema["default"]


class NodeCount(Model):
    """How many nodes a pool has; one number stands for both."""

    FORM = "a number or a mapping of min and max"

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

    NO_LIST = "all GPUs of a node are of one product: nodes with two models are not supported, pools may differ"

    product: Annotated[str, Field(min_length=1)] = Field(
        default="",
        json_schema_extra=_without_default,
        description="Product name from the hardware catalogue, for example H100-SXM5-80GB. Default: the GPU of "
        "`machine.instanceType`.",
    )
    count: Annotated[int, Field(ge=1, le=16)] = Field(
        default=0,
        json_schema_extra=_without_default,
        description="GPUs per node. Default: as many as `machine.instanceType` has.",
    )
    mig: PoolMig | None = Field(default=None, description="How the GPUs are partitioned; leave out for whole GPUs.")
    sharing: PoolSharing | None = Field(
        default=None, description="How pods share a GPU or a MIG instance; leave out for one pod each."
    )


class PoolExpect(Model):
    """Further facts that a node probe must find on every node of the pool."""

    ecc: bool | None = Field(default=None, description="Whether ECC is on, now and after the next reset.")
    persistence_mode: bool | None = Field(default=None, description="Whether persistence mode is on.")


class NodePool(Model):
    """A group of nodes that are alike."""

    NOT_YET = frozenset(
        {"karpenter", "queue",
         "allocation", "kata"}
    )  # fmt: skip

    nodes: NodeCount = Field(description="How many nodes: a number, or {min, max} where an autoscaler decides.")
    selector: dict[LabelKey, LabelValue] = Field(
        min_length=1, description="Labels that select the pool's nodes. They are set outside of the platform."
    )
    taints: dict[LabelKey, TaintText] = Field(
        default={}, description='Taints of the pool\'s nodes, key to "value:Effect". Every operand tolerates them.'
    )
    machine: PoolMachine = Field(default={}, validate_default=True, description="The machine that each node is.")
    topology: dict[LabelKey, DomainSize] = Field(
        default={}, description="Nodes in each domain of a level of `cluster.topology`: racks of 8, blocks of 32."
    )
    kubelet: PoolKubelet = Field(
        default={}, validate_default=True, description="How the kubelet must be set up; a prerequisite."
    )
    gpu: PoolGpu | None = Field(
        default=None, description="The GPUs of each node; leave out for nodes without, or where the machine says it."
    )
    network: PoolNetwork | None = Field(
        default=None, description="What joins the nodes besides Ethernet; leave out where nothing does."
    )
    nvlink_domain: NvlinkDomain | None = Field(
        default=None, description="Nodes that NVLink joins; leave out where it ends at the node."
    )
    driver: PoolDriver = Field(default={}, validate_default=True, description="The NVIDIA driver of the pool's nodes.")
    owner: PoolOwner = Field(
        default={}, validate_default=True, description="Who brings container toolkit and device plugin."
    )
    expect: PoolExpect = Field(default={}, validate_default=True, description="Further facts a node probe must find.")
    cost_per_gpu_hour: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        default=None, description="What one GPU costs in an hour, in your currency; for cost rules and dashboards."
    )
