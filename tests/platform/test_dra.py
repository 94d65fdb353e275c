"""`allocation: dra`: the objects instead of a ClusterPolicy, the labels of nodes, and the prerequisites."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.component_files.feature_gates import load_gates
from blueprint.diagnostics import Severity
from blueprint.pipeline import Compilation
from tests.support.platforms import H100, blueprint, compiled, pool

CUT = "gpu: {product: H100-SXM5-80GB, count: 8, mig: {layout: [{devices: 0-3, profiles: {1g.10gb: 7}}]}}"


def declared(
    fields: str = H100, *pools: str, settings: str = "", spec: str = "", kubernetes: str = "1.36.3"
) -> Compilation:
    """A cluster with a pool with these keys, and further keys, compiled."""
    train = pool("train", fields, nodes=2)
    text = blueprint(train, *pools, kubernetes=kubernetes, stack="gpuCluster", settings=settings, spec=spec)
    found = compiled(text)
    assert found.bundle, found.diagnostics
    return found


def of_kind(found: Compilation, kind: str) -> dict[str, Any]:
    """The specs of all objects of a kind, by name."""
    assert found.bundle
    return {one.id.name: one.data.get("spec") for one in found.bundle.objects if one.id.kind == kind}


def needs(found: Compilation) -> str:
    """The texts of the prerequisites."""
    assert found.files
    return found.files["prerequisites.md"].decode()


def told(found: Compilation) -> list[tuple[str, str]]:
    """Code and severity of all findings."""
    return [(each.code.id, each.severity.value) for each in found.diagnostics]


def test_a_gpu_cluster_replaces_the_cluster_policy() -> None:
    """With both objects, the operator does nothing; so a blueprint cannot have both."""
    found = declared()
    assert list(of_kind(found, "GPUCluster")) == ["gpu-cluster"]
    assert of_kind(found, "ClusterPolicy") == {}
    assert told(found) == []


def test_all_pools_share_one_default_driver_object_and_pools_that_differ_have_their_own() -> None:
    [(name, shared)] = of_kind(declared(), "NVIDIADriver").items()
    assert (name, shared["default"], shared.get("nodeSelector"), shared["version"]) == (
        "default", True, None, "595.91.07",
    )  # fmt: skip
    other = pool("other", H100, 'driver: {branch: "580"}')
    drivers = of_kind(declared(H100, other), "NVIDIADriver")
    assert {name: (one["default"], one["version"]) for name, one in drivers.items()} == {
        "train": (False, "595.91.07"), "other": (False, "580.173.02"),
    }  # fmt: skip


def test_no_driver_object_where_the_nodes_have_the_driver() -> None:
    found = declared(f"{H100}, owner: {{driver: host}}")
    assert of_kind(found, "NVIDIADriver") == {}
    assert "driver of the nodes is of branch 580 or newer" in needs(found)


def test_nodes_get_no_label_that_the_operator_would_take_away() -> None:
    """With a GPUCluster it removes the labels of toolkit, device plugin and MIG manager from every GPU node."""
    other = pool("host", CUT, "owner: {driver: host}")
    found = declared(H100, other)
    assert found.bundle
    labels = {pool.name: {key for key in pool.labels if key.startswith("nvidia.com/")} for pool in found.bundle.pools}
    assert labels == {"train": set(), "host": {"nvidia.com/gpu.deploy.driver"}}


def test_compute_domains_are_on_only_where_a_pool_is_joined_by_nvlink() -> None:
    """The API server would enable them by default, and their part of the driver stops without a working fabric."""
    [plain] = of_kind(declared(), "GPUCluster").values()
    assert plain["draDriver"]["computeDomains"]["enabled"] is False
    racks = "gpu: {product: GB200, count: 4}, nvlinkDomain: {nodes: 2}"
    joined = declared(racks)
    [domain] = of_kind(joined, "GPUCluster").values()
    assert domain["draDriver"]["computeDomains"]["enabled"] is True
    assert "The DRA driver gives them the label nvidia.com/gpu.clique" in needs(joined)
    [forced] = of_kind(declared(settings="computeDomains: always"), "GPUCluster").values()
    assert forced["draDriver"]["computeDomains"]["enabled"] is True


def test_images_are_those_that_this_stack_pulls() -> None:
    refs = " ".join(image.ref for image in declared().images)
    assert "dra-driver-nvidia-gpu:v0.5.0" in refs
    assert not any(name in refs for name in ("k8s-device-plugin", "container-toolkit", "mig-manager"))


def test_a_layout_is_applied_by_others_and_becomes_an_expectation() -> None:
    found = declared(CUT)
    assert told(found) == [("BP3225", "note")]
    text = needs(found)
    assert "gpu.nvidia.com (4 per node) and mig.nvidia.com with the profile 1g.10gb (28 per node)" in text
    assert "The GPUs are partitioned before the DRA driver starts" in text
    assert found.bundle
    assert {each.check for each in found.bundle.expectations} >= {"mig-mode", "mig-layout"}
    assert not any(name.startswith("mig-parted") for name in of_kind(found, "ConfigMap"))


def test_partitioning_on_demand_expects_no_mode_and_says_what_kubernetes_needs() -> None:
    gates = "draFeatureGates: {DynamicMIG: true}"
    found = declared(settings=gates)
    assert told(found) == []
    assert found.bundle
    assert "mig-mode" not in {each.check for each in found.bundle.expectations}
    before = declared(settings=gates, kubernetes="1.35")
    assert told(before) == [("BP3229", "warning")]
    assert "DRAPartitionableDevices=true" in needs(before)


@pytest.mark.parametrize(
    ("fields", "settings", "code"),
    [
        (H100, "draFeatureGates: {MPSSupport: true, NVMLDeviceHealthCheck: true}", "BP3228"),
        (H100, "draFeatureGates: {ConsumableShares: true}", "BP3230"),
        (H100, "draFeatureGates: {HostManagedIMEXDaemon: true}", "BP3230"),
        ("gpu: {product: L40S, count: 4}", "draFeatureGates: {DynamicMIG: true}", "BP3230"),
        ("gpu: {product: A100-SXM4-80GB, count: 8}", "draFeatureGates: {DynamicMIG: true}", "BP3361"),
        (H100, "draFeatureGates: {DRAListTypeAttributes: true}", "BP3229"),
        ("gpu: {product: GB200, count: 4}, nvlinkDomain: {nodes: 2}", "computeDomains: never", "BP3233"),
        (f"{H100}, kubelet: {{topologyManager: restricted}}", "", "BP3164"),
    ],
)
def test_settings_without_benefit_cause_a_warning(fields: str, settings: str, code: str) -> None:
    assert told(declared(fields, settings=settings)) == [(code, "warning")]


def test_a_minor_without_a_patch_becomes_a_prerequisite() -> None:
    assert "Kubernetes 1.34.2 or newer" in needs(declared(kubernetes="1.34"))
    assert "1.34.2 or newer" not in needs(declared(kubernetes="1.34.2"))
    assert "1.34.2 or newer" not in needs(declared(kubernetes="1.35"))


def test_an_older_driver_knows_fewer_gates() -> None:
    """The available gates depend on the version in a release, not only on the file."""
    component = load_catalog().component("gpu-operator")
    assert component
    gates = load_gates(component.folder)
    newest = component.images["dra-driver"].tag or ""
    assert set(gates.known_to(newest)) == set(gates.gates)
    assert set(gates.gates) - set(gates.known_to("v0.4.1")) == {
        "ConsumableShares", "FabricManagerPartitioning", "HostManagedIMEXDaemon",
    }  # fmt: skip


def test_exclusive_gates_are_reported_from_both_sides_and_name_only_gates() -> None:
    component = load_catalog().component("gpu-operator")
    assert component
    gates = load_gates(component.folder).gates
    for name, gate in gates.items():
        assert all(name in gates[other].excludes for other in gate.excludes), name
        assert all(name in gates[other].discouraged for other in gate.discouraged), name
        assert set(gate.requires) <= set(gates), name


def test_gpus_are_monitored_through_the_exporter_of_this_stack() -> None:
    """Its Service has a name of its own, and the operator creates none for its own metrics."""
    watched = "  observability: {prometheus: {namespace: monitoring, selectorLabels: {release: kps}}}\n"
    found = declared(spec=watched)
    monitors = of_kind(found, "ServiceMonitor")
    assert monitors["gpu-dcgm-exporter"]["selector"] == {"matchLabels": {"app": "nvidia-dcgm-exporter-dra"}}
    [service] = of_kind(found, "Service").values()
    assert service["selector"] == {"app": "gpu-operator"}
    assert service["ports"][0]["name"] == monitors["gpu-operator-metrics"]["endpoints"][0]["port"]
    rendered = str([one.data for one in found.bundle.objects]) if found.bundle else ""
    assert not any(text in rendered for text in ("nvidia_com_", "gpu_requested:", "gpu_operator_reconciliation_status"))
    assert "The alert GpuOperatorNotReady is not rendered: pods claim GPUs" in needs(found)
    assert "The alert GpuNotAllocatable is not rendered: pods claim GPUs" in needs(found)


def test_an_alert_that_cannot_fire_here_is_reported_where_it_is_requested() -> None:
    watched = (
        "  observability:\n    prometheus: {namespace: monitoring, selectorLabels: {release: kps}}\n"
        "    alerts: {GpuNotAllocatable: {severity: critical}}\n"
    )
    found = declared(spec=watched)
    [diagnostic] = found.diagnostics
    assert (diagnostic.code.slug, diagnostic.severity) == ("alert-not-in-force", Severity.WARNING)
    assert "pods claim GPUs" in diagnostic.message


def test_a_strategy_has_no_meaning_where_instances_are_published_by_profile() -> None:
    fields = CUT.replace("mig: {", "mig: {strategy: mixed, ")
    done = compiled(blueprint(pool("train", fields), stack="gpuCluster"))
    [note, found] = sorted(done.diagnostics, key=lambda each: each.severity.value, reverse=True)
    assert (note.code.slug, found.code.slug) == ("dra-partitions-nothing", "no-effect")
    assert found.path == "spec.nodePools.train.gpu.mig.strategy"
