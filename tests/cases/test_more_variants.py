"""Variants of further cases from practice: other products, machines, systems and requests, with the expected result."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.test_variants import UBUNTU, found, pod, pool

NOBLE = '{kubernetes: "1.36", os: ubuntu-24.04}'


def mig(product: str, profile: str, count: int, gpus: int = 8) -> str:
    return pool(product, gpus, f', mig: {{layout: [{{profiles: {{"{profile}": {count}}}}}]}}')


def machine(name: str) -> str:
    return f"gpu: {{nodes: 1, selector: {{acme.example/pool: gpu}}, machine: {{instanceType: {name}}}}}"


def driver(product: str, settings: str) -> str:
    return f"{pool(product, 8)[:-1]}, driver: {{{settings}}}}}"


@pytest.mark.parametrize(
    ("cluster", "pools", "code", "part"),
    [
        # 01: an image of the driver for the system
        ('{kubernetes: "1.35", os: ubuntu-26.04}', driver("B200", 'branch: "580"'), "BP3400", "595, 610"),
        # 05: profiles of other products
        (NOBLE, mig("B200", "1g.24gb", 7), "BP3121", "1g.23gb"),
        (NOBLE, mig("B300", "1g.35gb", 7), "BP3121", "1g.34gb"),
        (NOBLE, mig("H200-SXM-141GB", "1g.20gb", 7), "BP3121", "1g.18gb"),
        (NOBLE, mig("GH200-96GB", "1g.10gb", 7, 1), "BP3121", "1g.12gb"),
        (NOBLE, mig("L40S", "1g.12gb", 4), "BP3120", "timeSlicing"),
        (NOBLE, mig("T4", "1g.4gb", 4), "BP3120", "does not support MIG"),
        # 22: fractions of a GPU, and a whole one of the same family
        (UBUNTU, machine("g6f.4xlarge"), "BP3153", "11444 MiB"),
        (UBUNTU, machine("Standard_NV6ads_A10_v5"), "BP3153", "fraction"),
        (UBUNTU, machine("g6.8xlarge"), None, ""),
        # kernel modules and branches of generations
        (UBUNTU, driver("V100-SXM2-32GB", 'branch: "595"'), "BP3160", "580"),
        (UBUNTU, driver("V100-SXM2-32GB", "kernelModules: open"), "BP3104", "proprietary"),
        (UBUNTU, driver("B200", "kernelModules: proprietary"), "BP3104", "open"),
        # 57: products that are not NVIDIA's, or not supported
        (UBUNTU, pool("Gaudi3"), "BP3101", "only NVIDIA"),
        (UBUNTU, pool("TPU-v5e"), "BP3101", "only NVIDIA"),
        (UBUNTU, pool("Jetson-Orin-Nano"), "BP3101", "Tegra"),
        (UBUNTU, pool("GTX-1080"), "BP3101", "spec.hardware"),
        ('{kubernetes: "1.36", os: windows-2022}', pool("A40"), "BP3164", "Linux"),
    ],
)  # fmt: skip
def test_platforms(tmp_path: Path, cluster: str, pools: str, code: str | None, part: str) -> None:
    answers = found(tmp_path, cluster, pools)
    if code is None:
        assert answers == []
    else:
        assert any(each == code and part in text for each, text in answers), answers


SHARED = pool("A10", 2, ", sharing: {timeSlicing: 8}")


@pytest.mark.parametrize(
    ("pools", "manifest", "expected"),
    [
        # 07: several MIG devices for one process; and those of a strategy that names them all GPUs
        (mig("H200-SXM-141GB", "1g.18gb", 7), pod("a", "", "nvidia.com/mig-1g.18gb: 3"), {"BP6102", "BP6523"}),
        # 12: shares
        (SHARED, pod("a", "", "nvidia.com/gpu: 4"), {"BP6104"}),
        # 52: labels of discovery
        (SHARED, pod("a", "nodeSelector: {nvidia.com/gpu.product: NVIDIA-A10}, "), {"BP6108"}),
        (SHARED, pod("a", "nodeSelector: {nvidia.com/gpu.product: NVIDIA-A10-SHARED}, "), set()),
        (pool("H100-SXM5-80GB", 8), pod("a", "nodeSelector: {nvidia.com/gpu.family: blackwell}, "), {"BP6108"}),
        # 08b: RuntimeClasses
        (pool("L4", 4), pod("a", "runtimeClassName: nvidia-legacy, "), set()),
        (pool("L4", 4), pod("a", "runtimeClassName: nvdia, "), {"BP6172"}),
        # 50: privileged containers
        (pool("A40", 2), pod("a", "", more=", securityContext: {privileged: true}"), {"BP6522"}),
    ],
)  # fmt: skip
def test_workloads(tmp_path: Path, pools: str, manifest: str, expected: set[str]) -> None:
    assert {code for code, _ in found(tmp_path, NOBLE, pools, manifest=manifest)} == expected


def test_a_claim_for_more_memory_than_another_product_has(tmp_path: Path) -> None:
    """27: the limit is that of the pool's product, as NVML reports it."""
    expression = 'device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("%s")) >= 0'
    claim = (
        "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {name: a, namespace: default}\n"
        "spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu.nvidia.com, "
        f"selectors: [{{cel: {{expression: '{expression}'}}}}]}}}}]}}}}\n"
    )
    for amount, expected in (("40Gi", ["BP6408"]), ("20Gi", [])):
        answers = found(tmp_path, NOBLE, pool("L4", 4), "  allocation: dra\n", claim % amount)
        assert [code for code, _ in answers] == expected


def patched(spec: str) -> str:
    return (
        "  components:\n    gpu-operator:\n      patches:\n"
        "        - target: {kind: ClusterPolicy, name: cluster-policy}\n"
        f"          merge: {{spec: {spec}}}\n          reason: as before\n"
    )


OBSERVED = "  observability: {prometheus: {namespace: monitoring, selectorLabels: {}}, metrics: {include: [%s]}}\n"


@pytest.mark.parametrize(
    ("cluster", "pools", "more", "code", "part"),
    [
        # 01: systems without a driver image
        ('{kubernetes: "1.35", os: rocky-10}', pool("H100-SXM5-80GB", 8), "", "BP3003", "rhel"),
        ('{kubernetes: "1.35", os: ubuntu-26.04}', driver("B300", 'branch: "595"'), "", None, ""),
        # 04: GPUs of a tray
        (NOBLE, pool("GB300", 4, ", mig: {layout: [{devices: 0-4, profiles: {1g.70gb: 4}}]}"), "", "BP3125", "3"),
        (NOBLE, pool("GB300", 4, ", mig: {layout: [{devices: 0-1, profiles: {1g.70gb: 4}}]}"), "", None, ""),
        # 09: counters without a value where every GPU is partitioned
        (NOBLE, mig("H100-SXM5-80GB", "1g.10gb", 7),
         OBSERVED % "DCGM_FI_PROF_PCIE_TX_BYTES",
         "BP3258", "partitioned"),
        # 32: folders of the kubelet
        ('{kubernetes: "1.35", os: ubuntu-22.04, kubeletRoot: data/kubelet}', pool("L4"), "", "BP2006", "absolute"),
        # 38: patches against facts, of other products and modes
        (UBUNTU, pool("GeForce-RTX-5090"), patched("{driver: {kernelModuleType: proprietary}}"), "BP3104", "open"),
        (UBUNTU, pool("P40"), patched('{driver: {version: "595.91.07"}}'), "BP3160", "580"),
        (UBUNTU, pool("L40S", 4), patched("{sandboxWorkloads: {enabled: true, defaultWorkload: vm-passthrough}}"),
         "BP6483", "container"),
        (UBUNTU, pool("L40S", 4, ", sharing: {timeSlicing: 4}"), patched("{gfd: {enabled: false}}"), None, ""),
        # 43: profiles of the GPUs of another machine
        (UBUNTU, machine("p6-b200.48xlarge")[:-1] + ", gpu: {mig: {layout: [{profiles: {1g.34gb: 7}}]}}}",
         "", "BP3121", "1g.23gb"),
        # 53: sharing where the provider brings the device plugin
        ('{kubernetes: "1.35", distribution: eks, os: bottlerocket}',
         machine("g6e.xlarge")[:-1] + ", gpu: {sharing: {mps: 4}}}",
         "", "BP3216", "device plugin"),
    ],
)  # fmt: skip
def test_further_platforms(tmp_path: Path, cluster: str, pools: str, more: str, code: str | None, part: str) -> None:
    answers = found(tmp_path, cluster, pools, more)
    if code is None:
        assert answers == []
    else:
        assert any(each == code and part in text for each, text in answers), answers


TAINTED = pool("L4").replace("gpu: {product", 'taints: {nvidia.com/gpu: "present:NoExecute"}, gpu: {product')


@pytest.mark.parametrize(
    ("pools", "manifest", "expected"),
    [
        # 35: the taint of another effect
        (TAINTED, pod("a", "tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}], "), {"BP6105"}),
        (TAINTED, pod("a", "tolerations: [{key: nvidia.com/gpu, operator: Exists}], "), set()),
        # 50: GPU fractions of another scheduler, whichever of its resources is named
        (pool("A10", 4), pod("a", "", "nvidia.com/gpu: 1, nvidia.com/gpumem: 8000"), {"BP6470"}),
        (pool("A10", 4), pod("a", "", "nvidia.com/gpu: 1, nvidia.com/gpucores: 50"), {"BP6470"}),
        (pool("A10", 4), pod("a", "", "nvidia.com/gpus: 1"), {"BP6102"}),
        # 07: the name of a MIG device where all are named GPUs
        (pool("H100-SXM5-80GB", 8, ", mig: {strategy: single, layout: [{profiles: {3g.40gb: 2}}]}"),
         pod("a", "", "nvidia.com/mig-3g.40gb: 1"), {"BP6102"}),
        # what needs no platform is also found with one
        (pool("L4"), pod("a", "", more=", env: [{name: NVIDIA_DRIVER_CAPABILITIES, value: gpu}]"), {"BP6174"}),
        (pool("L4"), pod("a", "resources: {limits: {nvidia.com/gpu: 1}}, "), {"BP6176"}),
    ],
)  # fmt: skip
def test_further_workloads(tmp_path: Path, pools: str, manifest: str, expected: set[str]) -> None:
    assert {code for code, _ in found(tmp_path, NOBLE, pools, manifest=manifest)} == expected
