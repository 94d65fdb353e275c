"""Prerequisites of virtual machines: kata-deploy, kubelets, firmware."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.pool import Pool, passing_pools
from blueprint.platform.tracking.recorder import decided_by, record
from blueprint.platform.virtualization.kata import PoolKata
from blueprint.versions import version_key

POD_RESOURCES_FROM = "1.34"
"""The first Kubernetes version whose kubelets report the devices of a single pod: KubeletPodResourcesGet is enabled by
default.
"""
_CARDS = ("PCIe", "NVL")
_SWITCH = "NVSWITCH_ALIAS"
_RESOURCES = {"P_GPU_ALIAS": "nvidia.com/pgpu", _SWITCH: "nvidia.com/nvswitch"}


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of the cluster; each one records its own sources. None if no node runs virtual machines."""
    if platform.virtualization.enabled and not platform.kata.machine_pools:
        yield _kata(platform)
    if platform.virtualization.enabled or platform.kata.machine_pools:
        yield _kubelet(platform)
    if platform.virtualization.enabled:
        yield _confidential(platform)
    if platform.kata.machine_pools:
        yield _broker(platform)


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of nodes that run virtual machines."""
    yield _nodes(pool, platform)
    if pool.kata is not None:
        yield _machines(pool.kata, pool, platform)


def _nodes(pool: Pool, platform: Platform) -> Iterator[str]:
    if not pool.runs_virtual_machines:
        return
    decided_by(pool.kata)
    yield (
        "The firmware and kernel of each node enable virtualization, ACS and the IOMMU (intel_iommu=on or"
        " amd_iommu=on). No NVIDIA driver is installed, nouveau does not load, and the container runtime is containerd."
        " All GPUs of the node are for virtual machines."
    )
    if not platform.setting("vfioManager"):
        yield "The node provisioner binds the GPUs to vfio-pci (on Grace, to nvgrace_gpu_vfio_pci)."
    yield f"Workloads request {' and '.join(_offered(platform, switches=_may_have_switches(pool)))}."


def _may_have_switches(pool: Pool) -> bool:
    """Whether NVSwitches may connect the GPUs: those with a PCIe connector have none."""
    form = pool.gpu.facts.form_factor if pool.gpu else None
    return form is None or form.value not in _CARDS


def _machines(kata: PoolKata, pool: Pool, platform: Platform) -> Iterator[str]:
    """The prerequisites of a pool with Kata, with or without GPUs."""
    runtime, confidential = platform.kata.runtime, kata.confidential
    if not kata.passes_gpus:
        yield "The firmware of each node enables virtualization, and its kernel has /dev/kvm."
    if runtime is not None:
        place = platform.setting("containerdDirectory") or runtime.configuration.rstrip("/")
        yield f"containerd 2.0 or newer reads its configuration from {place}, and /opt is writable."
        what = "all of Kubernetes on the node" if runtime.whole_server else "containerd"
        yield f"Installing and removing Kata restarts {what}, once on each node: running pods continue, new ones wait."
    if confidential:
        how = platform.kata.encryption(confidential)
        yield (
            f"The processors of each node support {how.title}, and its firmware and kernel enable it; Kata is tested on"
            " Ubuntu 26.04."
        )
        if not platform.kata.counts_keys:
            yield f"Each node has the label {how.label}=true: here, Node Feature Discovery does not set it."
    if kata.cc_mode not in (None, "off"):
        yield f"The GPUs of each node and their firmware support the confidential mode {kata.cc_mode}."
    if kata.cc_mode == "ppcie":
        yield f"A pod takes all {pool.gpu.count if pool.gpu else 0} GPUs of a node, and its NVSwitches."
    yield (
        f"Pods set runtimeClassName to {' or '.join(kata.runtime_classes)}, and limits of cpu and memory, which"
        " determine the size of their virtual machine."
    )


def _broker(platform: Platform) -> Iterator[str]:
    """The key broker for the attestation of guests."""
    for broker in dict.fromkeys(each.attestation for each in platform.kata.handlers if each.attestation):
        yield f"Guests can reach a key broker (Trustee) at {broker}, which trusts their measurements."


def _kata(platform: Platform) -> Iterator[str]:
    decided_by(platform.virtualization.enabled)
    yield (
        "kata-deploy 3.29 or newer is installed separately, without its own NFD, because it is not part of this"
        " release. It creates the RuntimeClasses kata-qemu-nvidia-gpu, kata-qemu-nvidia-gpu-snp and"
        " kata-qemu-nvidia-gpu-tdx; the GPU Operator no longer creates RuntimeClasses for Kata, and deletes old ones."
    )


def _kubelet(platform: Platform) -> Iterator[str]:
    decided_by(platform.virtualization.enabled)
    if version_key(platform.cluster.kubernetes_minor) < version_key(POD_RESOURCES_FROM):
        yield (
            "Kubelets of nodes with virtual machines run with the feature gate KubeletPodResourcesGet=true, which is"
            f" enabled by default from Kubernetes {POD_RESOURCES_FROM}."
        )
    yield "Kubelets of nodes with virtual machines have runtimeRequestTimeout: 20m or more: machines start slowly."


def _confidential(platform: Platform) -> Iterator[str]:
    if not platform.setting("ccManager"):
        return
    modes = {pool.kata.cc_mode for pool in passing_pools(platform.pools) if pool.kata}
    if not modes and platform.setting("ccMode") != "off":
        yield (
            "GPUs, processors and firmware of nodes with virtual machines support confidential computing in the mode"
            f" {platform.setting('ccMode')}."
        )
    if modes - {"off"} or (not modes and platform.setting("ccMode") != "off"):
        yield (
            "Nodes with GPUs in a confidential mode have the label nvidia.com/cc.capable=true: no component of the"
            " stack sets it."
        )
    yield "Drain a node before changing its label nvidia.com/cc.mode: its GPUs are reset."
    if not modes:
        yield "Only this label can set the mode ppcie, on Hopper nodes whose GPUs and NVSwitches all support it."


def _offered(platform: Platform, *, switches: bool) -> Iterator[str]:
    """The resources that the nodes offer, by the names configured in the device plugin."""
    component = platform.component_with("kataDevicePluginEnv")
    if component is None:
        return
    variables = component.settings["kataDevicePluginEnv"]
    for variable, usual in _RESOURCES.items():
        if variable == _SWITCH and not switches:
            continue
        if variable not in variables:
            yield usual
            continue
        record(component.setting_source("kataDevicePluginEnv", variable))
        yield (
            f"nvidia.com/{variables[variable]}"
            if variables[variable]
            else "the resource that is named after the device's model"
        )
