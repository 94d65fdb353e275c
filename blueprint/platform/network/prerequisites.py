"""Prerequisites of networks: fabrics, drivers of network adapters, GPUDirect."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.network.model import HOST, OPERATOR, PROVIDER, RDMA, PoolNetwork
from blueprint.platform.pool import Pool

_NAMES = {
    "infiniband": "InfiniBand",
    "roce": "RoCE",
    "efa": "EFA",
    "tcpx": "GPUDirect-TCPX",
    "tcpxo": "GPUDirect-TCPXO",
}


def pool_prerequisites(pool: Pool, _: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of the network of a pool's nodes."""
    if pool.network:
        yield _network(pool, pool.network)


def _network(pool: Pool, network: PoolNetwork) -> Iterator[str]:
    number = f"{network.nics} " if network.nics else ""
    cards = "EFA interfaces" if network.fabric == "efa" else "network cards"
    yield f"Each node has {number}{cards} on one {_NAMES[network.fabric]} fabric with the other nodes of the pool."
    if network.resource:
        each = (
            "EFA interfaces" if network.fabric == "efa" else "a share of all cards" if network.shared else "whole cards"
        )
        yield f"Workloads request {network.resource} to get {each}, and have the capability IPC_LOCK to lock memory."
    elif network.fabric in RDMA:
        yield "The cloud determines which resource pods request to get network cards."
    yield from _FABRICS[network.fabric](pool, network)
    yield from _beside_gpus(pool, network)


def _rdma(pool: Pool, network: PoolNetwork) -> Iterator[str]:
    if network.owner == HOST:
        driver = "DOCA-OFED, which GPUDirect Storage needs" if network.gds else "DOCA-OFED or the kernel's own"
        yield f"The node image has the driver of the network cards, {driver}, and loads it at boot."
    elif network.owner == OPERATOR:
        yield (
            f"There is a DOCA-OFED image for {pool.platform.cluster.os} and the nodes' kernel, or the node can build"
            " one: its package repositories have the kernel's headers."
        )
        yield "No node image loads another OFED, and the kernel's own modules of the cards are not in use."
    elif fabric := pool.platform.cluster.distribution_facts.fabrics.get(network.fabric):
        yield from fabric.needs
    else:
        yield "The cloud provides the driver of the network cards, and a component that advertises them to pods."
    if network.fabric == "infiniband":
        yield "A subnet manager runs in the fabric, and all cards' ports are active."
    elif network.owner != PROVIDER:
        yield "Switches and cards have the same RoCE settings: MTU, priority flow control and ECN."
    if pool.gpu and pool.platform.cluster.distribution_facts.bare_metal:
        yield (
            "On bare metal, ACS redirection is disabled on the PCIe switches between GPUs and cards, or the IOMMU is in"
            " passthrough mode: otherwise their traffic goes through the CPU."
        )


def _efa(pool: Pool, network: PoolNetwork) -> Iterator[str]:
    yield "The node group attaches EFA interfaces to its instances, in one subnet and one cluster placement group."
    yield "The security group of the nodes allows all traffic from and to itself."
    yield "The node image has the EFA driver, and 2 MiB huge pages for the pods that request interfaces."
    if network.owner == PROVIDER:
        yield "EKS Auto Mode advertises the interfaces."
    elif pool.platform.cluster.mirrored("602401143452.dkr.ecr.us-west-2.amazonaws.com/eks").startswith("602401143452"):
        yield "The nodes' role may pull from Amazon's registry in us-west-2, or from a mirror of it."


def _google(what: str, machines: str, folder: str) -> Iterator[str]:
    yield (
        f"The nodes are {machines} machines, created with an additional network per card (multi-networking, MTU 8896)."
    )
    yield f"Google's installer DaemonSet for {what} runs on them; workloads mount its libraries from {folder}."
    yield "The node provisioner determines which interface belongs to which network; the blueprint does not declare it."


def _tcp(_: Pool, network: PoolNetwork) -> Iterator[str]:
    if network.fabric == "tcpx":
        yield from _google("GPUDirect-TCPX", "a3-highgpu", "/home/kubernetes/bin/nvidia/lib64")
    else:
        yield from _google("GPUDirect-TCPXO", "a3-megagpu", "/var/lib/tcpxo/lib64")
        yield "The device injector of NRI runs on the nodes, and gives pods /dev/aperture_devices."


_FABRICS = {"infiniband": _rdma, "roce": _rdma, "efa": _efa, "tcpx": _tcp, "tcpxo": _tcp}


def _beside_gpus(pool: Pool, network: PoolNetwork) -> Iterator[str]:
    """GPUDirect, if it depends on a GPU driver that is installed by other means."""
    if network.gpu_direct == "dmaBuf" and not pool.driver.enabled:
        yield "The nodes' GPU driver has open kernel modules and their kernel is 5.12 or newer: GPUDirect uses dma-buf."
    elif network.gpu_direct == "dmaBuf":
        yield "The nodes' kernel is 5.12 or newer: GPUDirect uses dma-buf."
    elif network.gpu_direct == "peermem" and not pool.driver.enabled:
        yield "The node image loads nvidia-peermem, built against its OFED; cloud images usually do not."
    elif network.host_ofed:
        yield "The node image has DOCA-OFED, with headers in /usr/src/ofa_kernel: nvidia-peermem needs them."
