"""`spec.computeDomains`: the effect of the pools' NVLink domains, and its setting for the whole platform."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.pipeline import Compilation
from tests.support.platforms import blueprint, compiled, pool

RACK = "owner: {driver: host, toolkit: host}, gpu: {product: GB200, count: 4}, driver: {version: 580.95.05}"
JOINED = f"{RACK}, nvlinkDomain: {{nodes: 2}}"


def platform(declared: str, stack: str, fields: str = RACK) -> Compilation:
    spec = f"  computeDomains: {declared}\n" if declared else ""
    return compiled(blueprint(pool("train", fields, nodes=2), stack=stack, spec=spec, kubernetes="1.36.3"))


def joins(found: Compilation) -> bool:
    """Whether the driver's controller or the GPUCluster joins nodes into compute domains."""
    assert found.bundle, found.diagnostics
    for one in found.bundle.objects:
        if one.id.kind == "GPUCluster":
            return bool(one.data["spec"]["draDriver"]["computeDomains"]["enabled"])
    return any(one.id.name == "dra-driver-nvidia-gpu-controller" for one in found.bundle.objects)


@pytest.mark.parametrize("stack", ["gpuCluster", "standaloneDra"])
@pytest.mark.parametrize(("declared", "expected"), [("", False), ("true", True), ("false", False)])
def test_it_takes_effect_where_pods_claim_gpus(stack: str, declared: str, expected: bool) -> None:
    assert joins(platform(declared, stack)) is expected


def test_it_brings_the_driver_beside_a_device_plugin() -> None:
    found = platform("true", "standalone")
    assert not found.diagnostics
    assert joins(found)
    assert found.bundle
    names = {f"{one.id.kind}/{one.id.name}" for one in found.bundle.objects}
    assert "DaemonSet/nvidia-device-plugin" in names
    assert "DeviceClass/gpu.nvidia.com" not in names, "the device plugin allocates the GPUs"


def test_switched_off_beside_an_nvlink_domain_is_reported_at_its_line() -> None:
    [found] = platform("false", "standaloneDra", JOINED).diagnostics
    assert (found.code.id, found.path) == ("BP3233", "spec.computeDomains")


DRIVER_PLUGIN = ("DaemonSet", "dra-driver-nvidia-gpu-kubelet-plugin")


def plugin(found: Compilation) -> dict[str, Any]:
    """The pod spec of the driver's DaemonSet."""
    assert found.bundle, found.diagnostics
    [one] = [each for each in found.bundle.objects if (each.id.kind, each.id.name) == DRIVER_PLUGIN]
    spec: dict[str, Any] = one.data["spec"]["template"]["spec"]
    return spec


def driver_root(found: Compilation) -> str:
    [path] = [each["hostPath"]["path"] for each in plugin(found)["volumes"] if each["name"] == "driver-root"]
    return str(path)


def test_the_driver_runs_beside_a_cluster_policy() -> None:
    found = platform("true", "clusterPolicy", JOINED)
    assert not found.diagnostics
    assert joins(found)
    assert found.bundle
    names = {f"{one.id.kind}/{one.id.name}" for one in found.bundle.objects}
    assert {"ClusterPolicy/cluster-policy", "DeviceClass/compute-domain-default-channel.nvidia.com"} <= names
    assert "DeviceClass/gpu.nvidia.com" not in names, "the device plugin allocates the GPUs"
    assert [each["name"] for each in plugin(found)["containers"]] == ["compute-domains"]


def test_a_cluster_policy_alone_joins_nothing() -> None:
    assert not joins(platform("", "clusterPolicy", JOINED))
    assert not joins(platform("false", "clusterPolicy", JOINED))


def test_the_kind_is_defined_once_as_the_driver_reads_it() -> None:
    """The operator's definition requires numNodes; a definition of ours must not reject what its driver accepts."""
    found = platform("true", "clusterPolicy", JOINED).bundle
    assert found
    [crd] = [each for each in found.objects if each.id.name == "computedomains.resource.nvidia.com"]
    [version] = crd.data["spec"]["versions"]
    assert "numNodes" not in version["schema"]["openAPIV3Schema"]["properties"]["spec"]["required"]


def test_it_is_applied_after_the_operator() -> None:
    """Its pods wait for the driver that the operator's pods install."""
    found = platform("true", "clusterPolicy", JOINED).bundle
    assert found
    components = list(dict.fromkeys(each.component for each in found.objects))
    assert components.index("gpu-operator") < components.index("dra-driver-nvidia-gpu")


@pytest.mark.parametrize(
    ("owner", "root"),
    [("owner: {driver: host, toolkit: host}", "/"), ("driver: {branch: '580'}", "/run/nvidia/driver")],
)
def test_the_owner_of_the_driver_determines_where_its_files_are(owner: str, root: str) -> None:
    fields = f"{owner}, gpu: {{product: GB200, count: 4}}, nvlinkDomain: {{nodes: 2}}"
    assert driver_root(platform("true", "clusterPolicy", fields)) == root


def two_pools(first: str, second: str) -> Compilation:
    pools = (pool("rack", first, nodes=2), pool("small", second, nodes=1))
    return compiled(blueprint(*pools, stack="clusterPolicy", spec="  computeDomains: true\n", kubernetes="1.36.3"))


CONTAINER = "gpu: {product: GB200, count: 4}, driver: {branch: '580'}"
HOST = "gpu: {product: L4, count: 1}, owner: {driver: host}"


def test_it_runs_on_the_nodes_with_an_nvlink_domain() -> None:
    found = two_pools(f"{CONTAINER}, nvlinkDomain: {{nodes: 2}}", HOST)
    assert not found.diagnostics
    terms = plugin(found)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    chosen = {"key": "acme.example/pool", "operator": "In", "values": ["rack"]}
    assert all(chosen in term["matchExpressions"] for term in terms["nodeSelectorTerms"])
    assert driver_root(found) == "/run/nvidia/driver"


def test_drivers_in_two_directories_are_rejected_where_it_runs_on_both() -> None:
    [found] = two_pools(CONTAINER, HOST).diagnostics
    assert (found.code.id, found.path) == ("BP3343", "spec.nodePools.small.owner")


def test_a_toolkit_that_leaves_cdi_off_is_named() -> None:
    fields = f"{CONTAINER}, nvlinkDomain: {{nodes: 2}}"
    text = blueprint(pool("rack", fields, nodes=2), settings="cdi: false", spec="  computeDomains: true\n")
    [found] = compiled(text).diagnostics
    assert (found.code.id, found.path) == ("BP3344", "spec.components.gpu-operator.settings.cdi")


def test_a_gpu_cluster_has_a_dra_driver_of_its_own() -> None:
    named = "  components: {dra-driver-nvidia-gpu: {ownership: managed}}\n"
    text = blueprint(pool("rack", RACK, nodes=2), stack="gpuCluster", spec=named, kubernetes="1.36.3")
    assert "BP3214" in {found.code.id for found in compiled(text).diagnostics}
