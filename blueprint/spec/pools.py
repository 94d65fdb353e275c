"""`spec.nodePools`: groups of nodes that are alike."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator

from blueprint.spec.base import Model
from blueprint.spec.forms import BRANCH, LabelKey, LabelValue, TaintText
from blueprint.spec.partition import PoolMig, PoolSharing


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

    product: Annotated[str, Field(min_length=1)] = Field(
        description="Product name from the hardware catalogue, for example H100-SXM5-80GB."
    )
    count: Annotated[int, Field(ge=1, le=16)] = Field(description="GPUs per node.")
    mig: PoolMig | None = Field(default=None, description="How the GPUs are cut; leave out for whole GPUs.")
    sharing: PoolSharing | None = Field(
        default=None, description="How pods share a GPU or a MIG instance; leave out for one pod each."
    )


class PoolDriver(Model):
    """Who installs the driver, and which."""

    owner: Literal["operator", "host", "provider"] = Field(
        default="operator",
        description="operator: the GPU Operator installs it; host: the node image has it; provider: the cloud does.",
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
