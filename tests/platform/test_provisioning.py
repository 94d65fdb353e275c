"""Pools whose nodes Karpenter creates: NodePools, node classes, flavors, and warnings."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.source.files import MemoryFiles

HEAD = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: acme}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", distribution: eks}
  poolDefaults: {taints: [nvidia.com/gpu=true:NoSchedule]}
"""
CLASS = "  karpenter: {nodeClasses: {gpu: {image: al2023@v20260801, role: nodes, discovery: acme}}}\n"
G6E = "nodeClass: gpu, instanceTypes: [g6e.12xlarge]"
QUEUES = "  queueing: {kueue: {}}\n  tenants: {ml: {}, a: {parent: ml, namespaces: [a], quota: {burst: QUOTA}}}\n"


def compiled(karpenter: str = G6E, nodes: str = "{min: 0, max: 8}", pool: str = "", more: str = CLASS) -> Compilation:
    """A pool `burst` that Karpenter creates, beside one without GPUs."""
    rest = f", {pool}" if pool else ""
    pools = f"  nodePools:\n    system: {{nodes: 3}}\n    burst: {{nodes: {nodes}, karpenter: {{{karpenter}}}{rest}}}\n"
    return compile_blueprint("blueprint.yaml", files=MemoryFiles({"blueprint.yaml": HEAD + pools + more}))


def rendered(found: Compilation, kind: str, name: str) -> Any:
    """The `spec` of an object."""
    assert found.bundle
    [spec] = [each.data["spec"] for each in found.bundle.objects if (each.id.kind, each.id.name) == (kind, name)]
    return spec


def codes(found: Compilation) -> list[str]:
    return sorted(each.code.id for each in found.diagnostics)


def test_a_pool_is_a_node_pool_that_brings_labels_and_taints_and_is_limited_by_its_gpus() -> None:
    spec = rendered(compiled(pool="gpu: {sharing: {timeSlicing: 4}}"), "NodePool", "burst")

    assert spec["limits"] == {"nvidia.com/gpu": "32"}, "GPUs of the machines, however many pods share each"
    template = spec["template"]
    assert template["metadata"]["labels"]["gpublueprint.dev/pool"] == "burst"
    assert "nvidia.com/device-plugin.config" in template["metadata"]["labels"]
    assert template["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]
    assert {each["key"]: each["values"] for each in template["spec"]["requirements"]} == {
        "karpenter.sh/capacity-type": ["on-demand"],
        "kubernetes.io/arch": ["amd64"],
        "node.kubernetes.io/instance-type": ["g6e.12xlarge"],
    }
    assert template["spec"]["nodeClassRef"] == {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "gpu"}


def test_by_default_nodes_go_only_when_they_are_empty() -> None:
    """Including nodes of an outdated template: a new image never ends a job."""
    spec = rendered(compiled(), "NodePool", "burst")

    assert spec["template"]["spec"]["expireAfter"] == "Never"
    assert spec["disruption"] == {
        "consolidationPolicy": "WhenEmpty",
        "consolidateAfter": "10m",
        "budgets": [
            {"nodes": "100%", "reasons": ["Empty"]},
            {"nodes": "0", "reasons": ["Underutilized", "Drifted"]},
        ],
    }


def test_a_static_pool_has_replicas_and_no_limits() -> None:
    spec = rendered(compiled(f"{G6E}, static: true", nodes="4"), "NodePool", "burst")

    assert spec["replicas"] == 4
    assert "limits" not in spec


def test_a_declared_pool_label_is_put_on_the_nodes() -> None:
    found = compiled(more=CLASS + "  poolLabel: acme.example/pool\n")

    assert rendered(found, "NodePool", "burst")["template"]["metadata"]["labels"]["acme.example/pool"] == "burst"
    assert found.bundle
    assert {pool.name: dict(pool.selector) for pool in found.bundle.pools}["burst"] == {"acme.example/pool": "burst"}


def test_of_several_instance_types_the_least_processors_and_memory_count() -> None:
    found = compiled("nodeClass: gpu, instanceTypes: [g6e.24xlarge, g6e.12xlarge]")

    assert found.bundle
    [burst] = [pool for pool in found.bundle.pools if pool.name == "burst"]
    assert (burst.machine["cpu"], burst.machine["memory"]) == ("48", "384Gi")
    assert (burst.gpu_product, burst.gpu_count) == ("L40S", 4)


def test_a_node_class_that_is_there_already_is_a_prerequisite() -> None:
    found = compiled(more="")

    assert codes(found) == []
    assert found.files
    assert "The EC2NodeClass gpu is in the cluster" in found.files["prerequisites.md"].decode()


def test_each_purchase_type_is_a_flavor_and_the_most_reliable_is_tried_first() -> None:
    quota = "{on-demand: 8, spot: {guaranteed: 0, borrow: 16}}"
    found = compiled(f"{G6E}, capacity: [spot, on-demand]", more=CLASS + QUEUES.replace("QUOTA", quota))

    for purchase in ("on-demand", "spot"):
        labels = rendered(found, "ResourceFlavor", f"burst-{purchase}")["nodeLabels"]
        assert labels == {"karpenter.sh/capacity-type": purchase, "karpenter.sh/nodepool": "burst"}
    [group] = rendered(found, "ClusterQueue", "a")["resourceGroups"]
    amounts = [(each["name"], each["resources"][0].get("nominalQuota")) for each in group["flavors"]]
    assert amounts == [("burst-on-demand", "8"), ("burst-spot", "0")]


def test_purchase_types_share_the_nodes_of_their_pool() -> None:
    quota = "{on-demand: 24, spot: 24}"
    found = compiled(f"{G6E}, capacity: [spot, on-demand]", more=CLASS + QUEUES.replace("QUOTA", quota))

    assert "BP3421" in codes(found), "48 GPUs are guaranteed, and the pool has 32"


def test_a_flavor_of_nodes_that_do_not_exist_yet_has_no_levels() -> None:
    """Kueue would look for room on existing nodes, and find none."""
    levels = "  cluster: {kubernetes: '1.36', distribution: eks, topology: [topology.kubernetes.io/zone]}\n"
    text = HEAD.replace('  cluster: {kubernetes: "1.36", distribution: eks}\n', levels)
    pools = f"  nodePools:\n    system: {{nodes: 3}}\n    burst: {{nodes: {{min: 0, max: 8}}, karpenter: {{{G6E}}}}}\n"
    files = MemoryFiles({"blueprint.yaml": text + pools + CLASS + QUEUES.replace("QUOTA", "8")})

    found = compile_blueprint("blueprint.yaml", files=files)

    assert "topologyName" not in rendered(found, "ResourceFlavor", "burst")


MANAGED = "  components: {karpenter: {ownership: managed, settings: {clusterName: acme}}}\n"
SPOT = f"{G6E}, capacity: [spot]"


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("BP3595", {"karpenter": "nodeClass: gpus, instanceTypes: [g6e.12xlarge]"}),
        ("BP3603", {"karpenter": f"{G6E}, disruption: {{when: underutilized}}", "more": CLASS + QUEUES}),
        ("BP3603", {"karpenter": f"{G6E}, disruption: {{expireAfter: 720h}}", "more": CLASS + QUEUES}),
        ("BP3606", {"karpenter": SPOT, "more": CLASS + MANAGED}),
        ("BP3607", {"karpenter": SPOT, "more": CLASS + QUEUES}),
        (
            "BP3601",
            {
                "more": CLASS
                + "  gpuStack: standalone\n  allocation: dra\n"
                + MANAGED.replace("clusterName: acme", "clusterName: acme, ignoreDraRequests: false")
            },
        ),
        ("BP6511", {"more": CLASS.replace("v20260801", "latest")}),
        ("BP6515", {"more": CLASS.replace("role:", "rootVolume: 50Gi, role:")}),
        ("BP6519", {"more": CLASS.replace("role:", "reservations: {ids: [cr-1]}, role:")}),
    ],
)
def test_possibly_intended_settings_cause_a_warning(code: str, arguments: dict[str, str]) -> None:
    more = arguments.get("more", CLASS).replace("QUOTA", "8")

    found = compiled(**{**arguments, "more": more})

    assert code in codes(found)
    assert found.bundle, "it is compiled all the same"


def test_a_node_class_that_no_pool_has_is_a_warning() -> None:
    both = CLASS.replace("{gpu:", "{cpu: {image: al2023@v20260801, role: nodes, discovery: acme}, gpu:")

    assert "BP3596" in codes(compiled(more=both))
