"""`spec.computeDomains`: what the pools' NVLink domains decide, said for the whole platform."""

from __future__ import annotations

import pytest

from blueprint.pipeline import Compilation
from tests.support.platforms import blueprint, compiled, pool

RACK = "owner: {driver: host, toolkit: host}, gpu: {product: GB200, count: 4}, driver: {version: 580.95.05}"
JOINED = f"{RACK}, nvlinkDomain: {{nodes: 2}}"


def platform(declared: str, stack: str, fields: str = RACK) -> Compilation:
    spec = f"  computeDomains: {declared}\n" if declared else ""
    return compiled(blueprint(pool("train", fields, nodes=2), stack=stack, spec=spec, kubernetes="1.36.3"))


def joins(found: Compilation) -> bool:
    """Whether the driver's controller or the GPUCluster joins nodes."""
    assert found.bundle, found.diagnostics
    for one in found.bundle.objects:
        if one.id.kind == "GPUCluster":
            return bool(one.data["spec"]["draDriver"]["computeDomains"]["enabled"])
    return any(one.id.name == "dra-driver-nvidia-gpu-controller" for one in found.bundle.objects)


@pytest.mark.parametrize("stack", ["gpuCluster", "standaloneDra"])
@pytest.mark.parametrize(("declared", "expected"), [("", False), ("true", True), ("false", False)])
def test_it_decides_where_pods_claim_gpus(stack: str, declared: str, expected: bool) -> None:
    assert joins(platform(declared, stack)) is expected


def test_it_brings_the_driver_beside_a_device_plugin() -> None:
    found = platform("true", "standalone")
    assert not found.diagnostics
    assert joins(found)
    assert found.bundle
    names = {f"{one.id.kind}/{one.id.name}" for one in found.bundle.objects}
    assert "DaemonSet/nvidia-device-plugin" in names
    assert "DeviceClass/gpu.nvidia.com" not in names, "the device plugin allocates the GPUs"


def test_switched_off_beside_an_nvlink_domain_is_told_at_its_line() -> None:
    [found] = platform("false", "standaloneDra", JOINED).diagnostics
    assert (found.code.id, found.path) == ("BP3233", "spec.computeDomains")


def test_a_cluster_policy_has_no_driver_for_it() -> None:
    [found] = platform("true", "clusterPolicy").diagnostics
    assert (found.code.id, found.path) == ("BP3342", "spec.computeDomains")
    assert not platform("false", "clusterPolicy").diagnostics
