"""`spec.nodePools` and `spec.poolDefaults`: groups of equal nodes, and their common defaults."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, GetJsonSchemaHandler, model_validator

from blueprint.spec.base import Model
from blueprint.spec.driver import PoolDriver, PoolOwner
from blueprint.spec.forms import KUBECTL_TAINT, LabelKey, LabelValue, TaintText
from blueprint.spec.karpenter import PoolKarpenter, Prices
from blueprint.spec.kata import KataSpec
from blueprint.spec.machine import DomainSize, NvlinkDomain, PoolKubelet, PoolMachine
from blueprint.spec.network import PoolNetwork
from blueprint.spec.partition import PoolMig, PoolSharing


def _count_as_range(value: Any) -> Any:
    return {"min": value, "max": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _without_default(schema: dict[str, Any]) -> None:
    """Remove the default from the schema, because it is in another field."""
    del schema["default"]


class NodeCount(Model):
    """The number of nodes of a pool. A single number sets both minimum and maximum."""

    FORM = "a number or a mapping of min and max"

    min: Annotated[int, Field(ge=0, le=100_000)] = Field(examples=[0], description="Fewest nodes.")
    max: Annotated[int, Field(ge=0, le=100_000)] = Field(examples=[8], description="Most nodes.")

    @model_validator(mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return _count_as_range(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        number = {"type": "integer", "minimum": 0, "maximum": 100_000}
        return {"anyOf": [number, handler.resolve_ref_schema(handler(core))]}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is greater than max ({self.max})")
        return self


class PoolGpu(Model):
    """The GPUs of each node of a pool."""

    NO_LIST = "all GPUs of a node are of one product: nodes with two models are not supported, pools may differ"

    product: Annotated[str, Field(min_length=1)] = Field(
        examples=["H100-SXM5-80GB", "L40S"],
        default="",
        json_schema_extra=_without_default,
        description="Product name from the hardware catalogue, for example H100-SXM5-80GB. Default: the GPU of "
        "`machine.instanceType`.",
    )
    count: Annotated[int, Field(ge=1, le=16)] = Field(
        examples=[8],
        default=0,
        json_schema_extra=_without_default,
        description="GPUs per node. Default: as many as `machine.instanceType` has, or the board of the product, where "
        "its boards have one size.",
    )
    mig: PoolMig | None = Field(
        examples=[{"layout": [{"profiles": {"1g.10gb": 7}}]}],
        default=None,
        description="How the GPUs are partitioned; leave out for whole GPUs.",
    )
    sharing: PoolSharing | None = Field(
        examples=[{"timeSlicing": 4}, {"mps": 4}],
        default=None,
        description="How pods share a GPU or a MIG instance; leave out for one pod each.",
    )


class PoolExpect(Model):
    """Further expectations that a node probe checks on every node of the pool."""

    ecc: bool | None = Field(default=None, description="Whether ECC is on, now and after the next reset.")
    persistence_mode: bool | None = Field(default=None, description="Whether persistence mode is on.")


def _taints_as_list(schema: dict[str, Any]) -> None:
    """Allow taints in kubectl's notation, too."""
    mapping = {key: schema.pop(key) for key in ("type", "additionalProperties", "propertyNames") if key in schema}
    listed = {"type": "array", "items": {"type": "string", "pattern": KUBECTL_TAINT}}
    schema["anyOf"] = [mapping, listed]


class PoolNodes(Model):
    """The nodes of one pool: their number, and their selector."""

    nodes: NodeCount = Field(
        examples=[4, {"min": 0, "max": 8}],
        description="How many nodes: a number, or {min, max} where an autoscaler decides.",
    )
    selector: dict[LabelKey, LabelValue] | None = Field(
        examples=[{"acme.example/pool": "train"}],
        default=None,
        min_length=1,
        description="Labels that the pool's nodes have when they join, set by what creates the nodes. "
        "Default: {poolLabel: the pool's name}.",
    )
    karpenter: PoolKarpenter | None = Field(
        examples=[{"nodeClass": "gpu", "instanceTypes": ["g6e.12xlarge"], "capacity": ["spot"]}],
        default=None,
        description="How Karpenter creates the nodes; leave out if something else does. Machine and GPUs follow from "
        "the instance types.",
    )


class PoolSettings(Model):
    """Common settings of a node pool and of the defaults of all pools."""

    taints: dict[LabelKey, TaintText] = Field(
        examples=[["nvidia.com/gpu=true:NoSchedule"], {"nvidia.com/gpu": "true:NoSchedule"}],
        default={},
        json_schema_extra=_taints_as_list,
        description='Taints of the nodes: key to "value:Effect", or a list as kubectl takes it, '
        "[key=value:Effect]. Every operand tolerates them.",
    )
    machine: PoolMachine = Field(
        examples=[{"instanceType": "p5.48xlarge"}, {"arch": "amd64", "cpu": 192, "memory": "2Ti"}],
        default={},
        validate_default=True,
        description="The machine that each node is.",
    )
    topology: dict[LabelKey, DomainSize] = Field(
        examples=[{"acme.example/rack": 8, "acme.example/block": 32}],
        default={},
        description="Nodes in each domain of a level of `cluster.topology`: racks of 8, blocks of 32.",
    )
    kubelet: PoolKubelet = Field(
        examples=[{"topologyManager": "single-numa-node", "cpuManager": "static"}],
        default={},
        validate_default=True,
        description="How the kubelet must be set up; a prerequisite.",
    )
    gpu: PoolGpu | None = Field(
        examples=[{"product": "H100-SXM5-80GB", "count": 8}],
        default=None,
        description="The GPUs of each node; leave out for nodes without, or where the machine says it.",
    )
    network: PoolNetwork | None = Field(
        examples=[{"fabric": "infiniband", "nics": 8}, {"fabric": "efa"}],
        default=None,
        description="The fast network between the nodes; leave out if there is only Ethernet.",
    )
    nvlink_domain: NvlinkDomain | None = Field(
        examples=[{"nodes": 18}],
        default=None,
        description="Nodes joined by NVLink; leave out if NVLink does not cross nodes.",
    )
    driver: PoolDriver = Field(
        examples=[{"branch": "580", "kernelModules": "open"}],
        default={},
        validate_default=True,
        description="The NVIDIA driver of the nodes.",
    )
    allocation: Literal["devicePlugin", "dra"] | None = Field(
        default=None,
        description="How pods get the GPUs of these nodes. Default: `spec.allocation`; pools differ only under "
        "`gpuStack: standalone`.",
    )
    owner: PoolOwner = Field(
        examples=["host", {"driver": "host", "toolkit": "operator"}],
        default={},
        validate_default=True,
        description="Who installs driver, container toolkit and device plugin: operator, host or provider for all of "
        "them, or a mapping.",
    )
    expect: PoolExpect = Field(
        examples=[{"ecc": True, "persistenceMode": True}],
        default={},
        validate_default=True,
        description="Further facts a node probe must find.",
    )
    queue: Literal["kueue", "kai", "none"] | None = Field(
        default=None,
        description="The engine that queues workloads for these nodes: a key of `queueing`, or none. "
        "Default: the engine, "
        "if there is only one.",
    )
    cost_per_gpu_hour: Prices | None = Field(
        examples=[2.5, {"on-demand": 2.6, "spot": 0.9}],
        default=None,
        description="What one GPU costs in an hour, in your currency; for cost rules and dashboards. By purchase type "
        "where Karpenter buys machines in several ways: metrics do not tell them apart, so the highest counts.",
    )


class NodePool(PoolSettings, PoolNodes):
    """A group of equal nodes."""

    ELSEWHERE: ClassVar[dict[str, str]] = {
        **dict.fromkeys(
            ("autoscaling", "autoscale", "minNodes", "maxNodes", "min", "max", "replicas"),
            "the number of nodes is nodes: 4, or nodes: {min: 0, max: 8} where an autoscaler decides",
        ),
        **dict.fromkeys(
            ("labels", "nodeSelector"),
            "the labels that identify the nodes are selector: {key: value}; spec.poolLabel gives every pool one",
        ),
        "instanceType": "it belongs to machine: {instanceType: p5.48xlarge}",
    }

    kata: KataSpec | None = Field(
        examples=[{}, {"confidential": "snp", "attestation": "https://kbs.acme.example"}],
        default=None,
        description="Run pods of this pool in Kata virtual machines, which get whole GPUs; leave out for containers.",
    )


class PoolDefaults(PoolSettings):
    """Defaults of all pools with GPUs. A pool's own keys are merged over them."""

    NOT_YET: ClassVar[dict[str, str]] = NodePool.NOT_YET
    ELSEWHERE: ClassVar[dict[str, str]] = {
        "nodes": "each pool sets its own number of nodes",
        "kata": "each pool sets whether it runs virtual machines",
        "selector": "each pool has its own selector; spec.poolLabel gives every pool one",
        "karpenter": "each pool sets its own instance types",
    }
