"""The effect of pool networks: who installs drivers for and advertises the cards, and the connection to GPUs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.catalog.catalog import load_catalog
from blueprint.diagnostics import has_errors
from blueprint.platform.model import Platform
from blueprint.platform.prerequisites import prerequisites
from blueprint.platform.resolve import resolve
from blueprint.render.images import pulled_images
from blueprint.render.render import render_platform
from blueprint.source.files import MemoryFiles
from blueprint.source.layers import load_layers
from blueprint.spec.parse import parse_blueprint
from tests.support.platforms import H100, NAME, blueprint, pool

Made = tuple[Platform, list[Object], list[str]]


def make(*pools: str, cluster: str = "", components: str = "", stack: str = "clusterPolicy") -> Made:
    """The platform with pools with these keys, its objects, and the codes of all diagnostics; errors fail the test."""
    entries = [pool(name, fields, nodes=2) for name, fields in zip("abcd", pools, strict=False)]
    spec = f"  components: {{{components}}}\n"
    layered = load_layers(NAME, files=MemoryFiles({NAME: blueprint(*entries, cluster=cluster, stack=stack, spec=spec)}))
    parsed, mistakes, _ = parse_blueprint(layered)
    assert parsed, mistakes
    platform, misfits = resolve(parsed, layered.root, load_catalog())
    assert platform
    objects, faults = render_platform(platform, layered)
    found = [*layered.diagnostics, *mistakes, *misfits, *faults]
    assert not has_errors(found), found
    return platform, objects, [each.code.id for each in found]


def specs(objects: list[Object], kind: str) -> dict[str, Any]:
    """The specs of all objects of a kind, by name."""
    return {one.id.name: one.data["spec"] for one in objects if one.id.kind == kind}


def components(objects: list[Object]) -> set[str]:
    return {one.component for one in objects}


def needs(platform: Platform, scope: str) -> str:
    return "\n".join(each.what for each in prerequisites(platform) if each.scope == scope)


def test_without_a_network_nothing_of_it_is_installed() -> None:
    platform, objects, _ = make(H100)
    assert not components(objects) & {"network-operator", "efa-device-plugin"}
    [policy] = specs(objects, "ClusterPolicy").values()
    assert (policy["driver"]["rdma"]["enabled"], policy["gds"]["enabled"], policy["gdrcopy"]["enabled"]) == (False,) * 3
    assert not any("mellanox" in image.ref or "gdrdrv" in image.ref for image in pulled_images(platform, objects))


def test_infiniband_is_driven_and_advertised_by_the_network_operator() -> None:
    platform, objects, _ = make(f"{H100}, network: {{fabric: infiniband}}", cluster="os: ubuntu-24.04")
    [policy] = specs(objects, "NicClusterPolicy").values()
    assert policy["ofedDriver"]["version"].startswith("doca3.4.1")
    [card] = json.loads(policy["rdmaSharedDevicePlugin"]["config"])["configList"]
    assert card == {
        "resourceName": "ib",
        "rdmaHcaMax": 63,
        "selectors": {"vendors": ["15b3"], "linkTypes": ["infiniband"]},
    }
    assert "sriovDevicePlugin" not in policy
    refs = {image.ref for image in pulled_images(platform, objects)}
    assert "nvcr.io/nvidia/mellanox/doca-driver:doca3.4.1-26.04-1.1.0.0-1-ubuntu24.04-amd64" in refs
    assert "rdma/ib" in needs(platform, "a")


def test_only_nodes_of_the_pools_that_ask_are_touched() -> None:
    """Otherwise a cloud's own cards in another pool would get a second driver."""
    _, objects, _ = make(f"{H100}, network: {{fabric: infiniband}}", H100)
    [policy] = specs(objects, "NicClusterPolicy").values()
    [term] = policy["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "gpublueprint.dev/pool", "operator": "In", "values": ["a"]}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fabric: infiniband", "fabric: roce"),
        ("fabric: infiniband", "fabric: infiniband, driver: host"),
        ("fabric: infiniband", "fabric: infiniband, resource: nvidia.com/hostdev"),
    ],
)
def test_pools_that_differ_have_policies_of_their_own_and_no_section_stands_twice(one: str, other: str) -> None:
    """The operator rejects a NicNodePolicy with a section that the NicClusterPolicy also has."""
    _, objects, _ = make(
        f"network: {{{one}}}", f"network: {{{other}}}", components="network-operator: {settings: {ipam: true}}"
    )
    policies = specs(objects, "NicNodePolicy")
    assert [each["nodeSelector"] for each in policies.values()] == [{"gpublueprint.dev/pool": name} for name in "ab"]
    [cluster] = specs(objects, "NicClusterPolicy").values()
    assert not set(cluster) & {"ofedDriver", "rdmaSharedDevicePlugin", "sriovDevicePlugin"}


def test_a_name_that_the_operator_would_refuse_is_shortened_and_stays_unique() -> None:
    from blueprint.platform.network.nic_policies import LONGEST_POLICY, short_name

    names = ["a" * 40, "a" * 39 + "b", "pool", "b" * 30]
    short = [short_name(name) for name in names]
    assert all(len(each) <= LONGEST_POLICY for each in short)
    assert len({*short}) == 4
    assert short[2:] == names[2:]


def test_whole_cards_are_allocated_by_the_other_plugin() -> None:
    _, objects, _ = make("network: {fabric: roce, resource: acme.example/card}")
    [policy] = specs(objects, "NicClusterPolicy").values()
    [card] = json.loads(policy["sriovDevicePlugin"]["config"])["resourceList"]
    assert (card["resourcePrefix"], card["resourceName"]) == ("acme.example", "card")
    assert card["selectors"] == {"vendors": ["15b3"], "isRdma": True, "linkTypes": ["ether"]}
    assert "rdmaSharedDevicePlugin" not in policy


def test_a_pool_without_gpus_may_have_a_network_and_its_taints_are_tolerated() -> None:
    """By the operands, and by NFD, without which no operand would start."""
    _, objects, _ = make("taints: {acme.example/ib: 'yes:NoExecute'}, network: {fabric: infiniband}", H100)
    [policy] = specs(objects, "NicClusterPolicy").values()
    toleration = {"key": "acme.example/ib", "operator": "Exists", "effect": "NoExecute"}
    assert policy["tolerations"] == [toleration]
    assert toleration in specs(objects, "DaemonSet")["nfd-worker"]["template"]["spec"]["tolerations"]


@pytest.mark.parametrize(
    ("pool", "cluster", "direct"),
    [
        (f"{H100}, network: {{fabric: infiniband}}", "", "dmaBuf"),
        (f"{H100}, network: {{fabric: infiniband}}", "os: rhel-8.10", "peermem"),
        (f"{H100}, driver: {{kernelModules: proprietary}}, network: {{fabric: infiniband}}", "", "peermem"),
        (
            "gpu: {product: V100-SXM2-16GB, count: 8}, driver: {branch: '580'}, network: {fabric: roce}",
            "",
            "peermem",
        ),
        (f"{H100}, network: {{fabric: infiniband, driver: provider}}", "", None),
        ("network: {fabric: infiniband}", "", None),
    ],
)
def test_the_way_into_gpu_memory_follows_from_modules_and_kernel(pool: str, cluster: str, direct: str | None) -> None:
    platform, _, _ = make(pool, cluster=cluster)
    [network] = [each.network for each in platform.pools]
    assert network
    assert network.gpu_direct == direct


@pytest.mark.parametrize(("owner", "host"), [("networkOperator", False), ("host", True)])
def test_peermem_is_built_against_the_ofed_that_is_there(owner: str, host: bool) -> None:
    """With the wrong value the GPU driver waits forever for an OFED pod, or builds without one (rule 102)."""
    _, objects, _ = make(f"{H100}, network: {{fabric: infiniband, driver: {owner}, gpuDirect: peermem}}")
    [policy] = specs(objects, "ClusterPolicy").values()
    assert policy["driver"]["rdma"] == {"enabled": True, "useHostMofed": host}


def test_peermem_of_a_host_driver_is_a_prerequisite() -> None:
    platform, objects, _ = make(f"{H100}, owner: {{driver: host}}, network: {{fabric: infiniband, gpuDirect: peermem}}")
    [policy] = specs(objects, "ClusterPolicy").values()
    assert policy["driver"]["rdma"]["enabled"] is False
    assert "loads nvidia-peermem" in needs(platform, "a")


def test_pools_with_other_modules_have_drivers_of_their_own() -> None:
    """And nvidia-fs gets `open`, because the operator does not accept `auto` with it."""
    platform, objects, _ = make(f"{H100}, network: {{fabric: infiniband, gds: true}}", H100)
    drivers = specs(objects, "NVIDIADriver")
    assert drivers["a"]["kernelModuleType"] == "open"
    assert drivers["a"]["gds"]["enabled"] is True
    assert "gds" not in drivers["b"]
    assert drivers["b"]["kernelModuleType"] == "auto"
    [policy] = specs(objects, "ClusterPolicy").values()
    assert policy["gds"]["enabled"] is True  # the device plugin reads it here
    refs = {image.ref for image in pulled_images(platform, objects)}
    assert any("nvidia-fs" in ref for ref in refs)
    assert not any("gdrdrv" in ref for ref in refs)


@pytest.mark.parametrize(("gds", "said"), [("false", "DOCA-OFED or the kernel's own"), ("true", "Storage needs")])
def test_storage_needs_the_ofed_of_the_node_image(gds: str, said: str) -> None:
    platform, _, _ = make(f"{H100}, network: {{fabric: roce, driver: host, gds: {gds}}}")
    assert said in needs(platform, "a")


def test_efa_follows_from_the_instance_type() -> None:
    platform, objects, found = make(
        "machine: {instanceType: p5en.48xlarge}, network: {}", cluster="distribution: eks", components=""
    )
    assert components(objects) >= {"efa-device-plugin"}
    assert "network-operator" not in components(objects)
    [pool] = platform.pools
    assert pool.network
    assert (pool.network.fabric, pool.network.nics, pool.network.resource) == ("efa", 16, "vpc.amazonaws.com/efa")
    assert "16 EFA interfaces" in needs(platform, "a")
    assert found == []


@pytest.mark.parametrize(
    ("machine", "fabric", "said"),
    [
        ("a3-highgpu-8g", "tcpx", "GPUDirect-TCPX"),
        ("a3-megagpu-8g", "tcpxo", "/dev/aperture_devices"),
        ("a3-ultragpu-8g", "roce", "gIB"),
    ],
)
def test_on_google_cloud_everything_is_a_prerequisite(machine: str, fabric: str, said: str) -> None:
    platform, objects, _ = make(
        f"machine: {{instanceType: {machine}}}, network: {{}}", cluster="distribution: gke", stack="standalone"
    )
    assert not components(objects) & {"network-operator", "efa-device-plugin"}
    [pool] = platform.pools
    assert pool.network
    assert (pool.network.fabric, pool.network.owner, pool.network.resource) == (fabric, "provider", None)
    assert said in needs(platform, "a")


@pytest.mark.parametrize(
    ("pool", "components", "code"),
    [
        ("machine: {instanceType: g6.xlarge}, network: {fabric: efa}", "", "BP3303"),
        (f"{H100}, network: {{fabric: efa, gds: true}}", "", "BP3320"),
        (f"{H100}, network: {{fabric: infiniband, gds: true, resource: a.example/c}}", "", "BP3321"),
        (H100, "network-operator: {settings: {drain: false}}", "BP3324"),
        ("network: {fabric: roce}", "network-operator: {settings: {ipam: true}}", "BP3327"),
    ],
)
def test_possibly_intended_settings_cause_a_warning(pool: str, components: str, code: str) -> None:
    assert code in make(pool, components=components)[2]


def test_who_installs_the_operator_must_know_of_the_nfd_that_is_there() -> None:
    """Two NFDs overwrite each other's labels."""
    platform, objects, _ = make("network: {fabric: roce}", components="network-operator: {ownership: external}")
    assert "network-operator" not in components(objects)
    assert "nfd.enabled=false" in needs(platform, "cluster")


def test_a_policy_is_noted_with_the_lines_that_made_it() -> None:
    _, objects, _ = make("network: {fabric: infiniband, resource: rdma/fast}")
    [policy] = [one for one in objects if one.id.kind == "NicClusterPolicy"]
    origin = policy.origins[("spec", "rdmaSharedDevicePlugin", "config")]
    assert any(source.path == "spec.nodePools.a.network.resource" for source in origin.sources)
