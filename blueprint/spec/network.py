"""`network` of a node pool: the network that connects its nodes besides Ethernet, and how GPUs reach it."""

from typing import Annotated, Literal

from pydantic import Field

from blueprint.spec.base import Model
from blueprint.spec.forms import form

_DOMAIN = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*"
RESOURCE = form(
    rf"{_DOMAIN}/[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?",
    "the name of a resource, PREFIX/NAME: rdma/ib, nvidia.com/hostdev",
)

Fabric = Literal["infiniband", "roce", "efa", "tcpx", "tcpxo"]
NetworkOwner = Literal["networkOperator", "host", "provider"]


class PoolNetwork(Model):
    """The fabric that connects the pool's nodes."""

    fabric: Fabric | None = Field(
        default=None,
        description="infiniband; roce: RDMA over Ethernet, on Google Cloud with gIB; efa: Amazon's; tcpx, tcpxo: "
        "Google's. Default: that of `machine.instanceType`.",
    )
    driver: NetworkOwner | None = Field(
        default=None,
        description="Who brings the driver of the network cards: networkOperator: the Network Operator installs "
        "DOCA-OFED; host: the node image has it; provider: the cloud does, and advertises the cards as well. "
        "Default: networkOperator, where cloud and fabric leave it to you.",
    )
    resource: Annotated[str, Field(pattern=RESOURCE)] | None = Field(
        examples=["rdma/ib"],
        default=None,
        description="What pods request. rdma/NAME: pods share the cards; any other prefix: each pod gets whole cards. "
        "Default: rdma/ib, rdma/roce, or vpc.amazonaws.com/efa.",
    )
    nics: Annotated[int, Field(ge=1, le=64)] | None = Field(
        examples=[8],
        default=None,
        description="Network cards in each node that have the fabric's link layer, those for storage too; `blueprint "
        "probe` counts those of infiniband, roce and efa. Default: those of `machine.instanceType`, where the "
        "catalogue knows them.",
    )
    gpu_direct: Literal["dmaBuf", "peermem"] | None = Field(
        default=None,
        description="How cards reach the GPUs' memory: dmaBuf: through the kernel, with open kernel modules; peermem: "
        "through the module nvidia-peermem, which needs OFED. Default: dmaBuf wherever modules and kernel can.",
    )
    gdrcopy: bool = Field(
        default=False,
        description="Load gdrdrv, by which the CPU copies small messages to and from GPU memory.",
    )
    gds: bool = Field(
        default=False,
        description="GPUDirect Storage: load nvidia-fs, by which storage is read into GPU memory.",
    )
