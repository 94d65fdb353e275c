"""The hardware and location of a pool's nodes: machine, kubelet, topology, NVLink domains."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprint.spec.base import Model
from blueprint.spec.forms import INSTANCE_TYPE, MEMORY, LabelKey

DomainSize = Annotated[int, Field(ge=1, le=100_000)]


class PoolMachine(Model):
    """The machine of each node in a pool."""

    OTHER_VALUES: ClassVar[dict[str, dict[str, tuple[str, str]]]] = {
        "arch": {
            "x86_64": ("amd64", "Kubernetes calls it amd64"),
            "x86-64": ("amd64", "Kubernetes calls it amd64"),
            "aarch64": ("arm64", "Kubernetes calls it arm64"),
        }
    }

    instance_type: Annotated[str, Field(pattern=INSTANCE_TYPE)] | None = Field(
        examples=["p5.48xlarge", "Standard_ND96isr_H100_v5"],
        default=None,
        description="The cloud's instance type, p5.48xlarge. GPUs, processor and memory follow from it, and from the "
        "catalogue, where the blueprint does not say them; where it does, they must agree.",
    )
    arch: Literal["amd64", "arm64"] | None = Field(
        default=None, description="Processor architecture. Default: that of the instance type, or of the GPU's host."
    )
    cpu: Annotated[int, Field(ge=1, le=4096)] | None = Field(
        examples=[192],
        default=None,
        description="Processors (threads) of each node. Default: those of the instance type.",
    )
    memory: Annotated[str, Field(pattern=MEMORY)] | None = Field(
        examples=["2Ti", "512Gi"],
        default=None,
        description="Memory of each node, 2Ti. Default: that of the instance type.",
    )


class PoolKubelet(Model):
    """The required kubelet configuration of the pool's nodes. Kubernetes cannot set it, so it is a prerequisite."""

    topology_manager: Literal["none", "best-effort", "restricted", "single-numa-node"] | None = Field(
        default=None, description="How strictly processors, memory and GPUs of a pod come from one NUMA node."
    )
    topology_manager_scope: Literal["container", "pod"] | None = Field(
        default=None, description="Whether the topology manager aligns each container or the whole pod."
    )
    cpu_manager: Literal["none", "static"] | None = Field(
        default=None,
        description="The policy of the CPU manager. static: pods with whole processors get them exclusively.",
    )
    memory_manager: Literal["none", "static"] | None = Field(
        default=None,
        description="The policy of the memory manager. static: memory of guaranteed pods comes from the NUMA nodes of "
        "their processors.",
    )


class NvlinkDomain(Model):
    """Nodes that are connected by NVLink, such as the trays of an NVL72 rack."""

    nodes: Annotated[int, Field(ge=2, le=1000)] = Field(
        examples=[18], description="Nodes in one domain: 18 in an NVL72 rack."
    )
    label: LabelKey = Field(
        examples=["nvidia.com/gpu.clique"],
        default="nvidia.com/gpu.clique",
        description="The node label whose value names the domain. GPU feature discovery sets the default one.",
    )
