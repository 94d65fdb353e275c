"""Prerequisites of virtual machines: kata-deploy, kubelets, firmware."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.pool import Pool
from blueprint.platform.tracking.recorder import decided_by, record
from blueprint.versions import version_key

POD_RESOURCES_FROM = "1.34"
"""From which Kubernetes on kubelets tell one pod's devices by themselves: KubeletPodResourcesGet is open by default."""
_RESOURCES = {"P_GPU_ALIAS": "nvidia.com/pgpu", "NVSWITCH_ALIAS": "nvidia.com/nvswitch"}


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """What must be true of the cluster; each reads its own lines. Nothing where no node runs virtual machines."""
    if platform.virtualization.enabled:
        yield _kata(platform)
        yield _kubelet(platform)
        yield _confidential(platform)


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """What must be true of the nodes that run virtual machines."""
    yield _nodes(pool, platform)


def _nodes(pool: Pool, platform: Platform) -> Iterator[str]:
    if not pool.runs_virtual_machines:
        return
    yield (
        "Firmware and kernel of each node have virtualization, ACS and the IOMMU switched on (intel_iommu=on or"
        " amd_iommu=on), no NVIDIA driver is on it, nouveau is kept from loading, the container runtime is containerd."
        " All of its GPUs go to virtual machines."
    )
    if not platform.setting("vfioManager"):
        yield "The node provisioner binds their GPUs to vfio-pci (on Grace to nvgrace_gpu_vfio_pci)."
    yield f"Workloads request {' and '.join(_offered(platform))}."


def _kata(platform: Platform) -> Iterator[str]:
    decided_by(platform.virtualization.enabled)
    yield (
        "kata-deploy 3.29 or newer is installed separately, without its own NFD: it is not part of this"
        " release. It makes the RuntimeClasses kata-qemu-nvidia-gpu, kata-qemu-nvidia-gpu-snp and"
        " kata-qemu-nvidia-gpu-tdx; the GPU Operator makes none of Kata, and deletes those that it made in the past."
    )


def _kubelet(platform: Platform) -> Iterator[str]:
    decided_by(platform.virtualization.enabled)
    if version_key(platform.cluster.kubernetes_minor) < version_key(POD_RESOURCES_FROM):
        yield (
            "Kubelets of nodes with virtual machines run with the feature gate KubeletPodResourcesGet=true, which is"
            f" enabled by default from Kubernetes {POD_RESOURCES_FROM}."
        )
    yield "Kubelets of nodes with virtual machines have runtimeRequestTimeout: 20m or more: starting one takes minutes."


def _confidential(platform: Platform) -> Iterator[str]:
    if not platform.setting("ccManager"):
        return
    mode = platform.setting("ccMode")
    if mode != "off":
        yield (
            "GPUs, processors and firmware of nodes with virtual machines can do confidential computing in mode"
            f" {mode}, and those nodes have the label nvidia.com/cc.capable=true: nothing of the stack does."
        )
    yield (
        "Drain a node before changing its label nvidia.com/cc.mode: its GPUs are reset. The mode ppcie is"
        " said there alone, on Hopper nodes whose GPUs and NVSwitches all can do it."
    )


def _offered(platform: Platform) -> Iterator[str]:
    """What the nodes offer, under the names that the device plugin is told."""
    component = platform.component_with("kataDevicePluginEnv")
    if component is None:
        return
    variables = component.settings["kataDevicePluginEnv"]
    for variable, usual in _RESOURCES.items():
        if variable not in variables:
            yield usual
            continue
        record(component.setting_source("kataDevicePluginEnv", variable))
        yield f"nvidia.com/{variables[variable]}" if variables[variable] else "what is named after the device's model"
