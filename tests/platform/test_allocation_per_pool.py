"""`allocation` of a pool: device plugin and DRA driver in one cluster without the operator, each on its own nodes."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main
from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.platforms import H100, blueprint, compiled, pool

EXAMPLE = Path(__file__).parents[2] / "examples" / "dra-beside-device-plugin" / "blueprint.yaml"
PLUGIN = "DaemonSet/nvidia-device-plugin"
DISCOVERY = "DaemonSet/gpu-feature-discovery"
DRIVER = "DaemonSet/dra-driver-nvidia-gpu-kubelet-plugin"
DISCOVERED = {"feature.node.kubernetes.io/pci-10de.present": "true"}
DOMAIN = "gpu: {product: GB200, count: 4}, nvlinkDomain: {nodes: 2}, driver: {version: 580.95.05}"


def both(
    counted: str = H100,
    claimed: str = H100,
    *,
    stack: str = "standalone",
    way: str = "dra",
    kubernetes: str = "1.36.3",
    spec: str = "",
) -> Compilation:
    """A pool `train` with the platform's own allocation, and `research` with the other check."""
    pools = (pool("train", counted, nodes=2), pool("research", f"{claimed}, allocation: {way}", nodes=2))
    return compiled(blueprint(*pools, stack=stack, spec=spec, kubernetes=kubernetes))


def objects(found: Compilation) -> dict[str, dict[str, Any]]:
    assert found.bundle, found.diagnostics
    return {f"{one.id.kind}/{one.id.name}": one.data for one in found.bundle.objects}


def runs_on(daemon_set: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether node selector and required affinity match a node, as the scheduler evaluates them."""
    spec = daemon_set["spec"]["template"]["spec"]
    if any(labels.get(key) != value for key, value in spec.get("nodeSelector", {}).items()):
        return False
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return any(
        all(labels.get(each["key"]) in each["values"] for each in term["matchExpressions"])
        for term in required["nodeSelectorTerms"]
    )


def test_each_program_runs_on_the_nodes_of_its_own_pools_alone() -> None:
    found = both()
    made = objects(found)
    assert found.bundle
    nodes = {one.name: {**one.selector, **DISCOVERED} for one in found.bundle.pools}
    where = {name: [pool for pool in nodes if runs_on(made[name], nodes[pool])] for name in (PLUGIN, DISCOVERY, DRIVER)}
    assert where == {PLUGIN: ["train"], DISCOVERY: ["train"], DRIVER: ["research"]}
    assert not any(runs_on(made[name], DISCOVERED) for name in where), "nodes of no pool get neither"


def test_it_does_not_matter_which_allocation_is_the_platforms_own() -> None:
    swapped = both(stack="standaloneDra", way="devicePlugin")
    made = objects(swapped)
    assert swapped.bundle
    nodes = {one.name: {**one.selector, **DISCOVERED} for one in swapped.bundle.pools}
    assert [pool for pool in nodes if runs_on(made[PLUGIN], nodes[pool])] == ["research"]
    assert [pool for pool in nodes if runs_on(made[DRIVER], nodes[pool])] == ["train"]


def test_pools_whose_own_way_is_the_same_for_all_are_one_stack() -> None:
    everywhere = objects(compiled(blueprint(pool("train", f"{H100}, allocation: dra", nodes=2), stack="standalone")))
    platform = objects(compiled(blueprint(pool("train", H100, nodes=2), stack="standaloneDra")))
    assert everywhere == platform


def test_selectors_of_several_labels_are_kept_apart() -> None:
    selectors = {"a": {"x": "1", "zone": "a"}, "b": {"x": "2", "zone": "a"}, "c": {"y": "1"}}
    ways = {"a": "dra", "b": "devicePlugin", "c": "dra"}
    pools = tuple(
        f"    {name}: {{nodes: 1, selector: {json.dumps(labels)}, {H100}, allocation: {ways[name]}}}\n"
        for name, labels in selectors.items()
    )
    made = objects(compiled(blueprint(*pools, stack="standalone")))
    for (name, labels), (program, claimed) in product(selectors.items(), ((PLUGIN, False), (DRIVER, True))):
        assert runs_on(made[program], {**labels, **DISCOVERED}) is ((ways[name] == "dra") is claimed), (name, program)


def test_slices_are_predicted_for_pools_that_are_claimed_alone() -> None:
    found = both()
    assert found.bundle
    published = {one.name: [each.driver for each in one.published] for one in found.bundle.pools}
    assert published == {"train": [], "research": ["gpu.nvidia.com"]}


def test_affinity_of_ones_own_is_narrowed_too() -> None:
    own = (
        "  components: {k8s-device-plugin: {settings: {pod: {affinity: {nodeAffinity: "
        "{preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: "
        "{matchExpressions: [{key: a, operator: Exists}]}}]}}}}}}\n"
    )
    spec = objects(both(spec=own))[PLUGIN]["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    assert spec["preferredDuringSchedulingIgnoredDuringExecution"][0]["weight"] == 1
    terms = spec["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": [{"key": "acme.example/pool", "operator": "In", "values": ["train"]}]}]


def test_sharing_belongs_to_pools_with_a_device_plugin() -> None:
    shared = f"{H100[:-1]}, sharing: {{timeSlicing: 4}}}}"
    assert not both(counted=shared).diagnostics
    assert [(each.code.id, each.path) for each in both(claimed=shared).diagnostics] == [
        ("BP3224", "spec.nodePools.research.gpu.sharing")
    ]


def test_requirements_of_claims_apply_to_the_pools_that_are_claimed() -> None:
    old = both(kubernetes="1.33")
    assert "BP3220" in {each.code.id for each in old.diagnostics}
    [by_plugin] = both(claimed=f"{H100}, owner: {{devicePlugin: host}}").diagnostics
    assert (by_plugin.code.id, by_plugin.path) == ("BP3223", "spec.nodePools.research.owner.devicePlugin")
    [because] = [note for note in by_plugin.notes if "because of this" in note.message]
    assert because.at
    assert by_plugin.at
    assert because.at.line == by_plugin.at.line, "the pool's own allocation, not the platform's"


def test_nodes_with_a_device_plugin_join_no_compute_domain_beside_claims() -> None:
    [found] = both(counted=DOMAIN).diagnostics
    assert (found.code.id, found.path) == ("BP3340", "spec.nodePools.train.nvlinkDomain")
    assert found.help
    assert "allocation: dra" in found.help
    joined = both(claimed=DOMAIN)
    assert not joined.diagnostics
    assert joined.bundle
    published = {one.name: sorted(each.driver for each in one.published) for one in joined.bundle.pools}
    assert published == {"train": [], "research": ["compute-domain.nvidia.com", "gpu.nvidia.com"]}


@pytest.mark.parametrize("stack", ["clusterPolicy", "gpuCluster"])
def test_the_operator_runs_one_of_both(stack: str) -> None:
    found = both(stack=stack, way="devicePlugin" if stack == "gpuCluster" else "dra")
    refused = [each for each in found.diagnostics if each.code.id == "BP3157"]
    assert [each.path for each in refused] == ["spec.nodePools.research.allocation"]
    assert refused[0].help
    assert "gpuStack: standalone" in refused[0].help


def test_a_pool_without_gpus_allocates_none() -> None:
    found = compiled(
        blueprint(pool("train", H100, nodes=2), "    cpu: {nodes: 1, selector: {pool: cpu}, allocation: dra}\n",
                  stack="standalone")
    )  # fmt: skip
    assert [each.path for each in found.diagnostics] == ["spec.nodePools.cpu.allocation"]


def test_queues_count_claims_apart_from_requests() -> None:
    compilation = compile_blueprint(str(EXAMPLE))
    made = objects(compilation)
    configuration = made["ConfigMap/kueue-manager-config"]["data"]["controller_manager_config.yaml"]
    assert "name: gpu.nvidia.com" in configuration
    groups = made["ClusterQueue/science"]["spec"]["resourceGroups"]
    counted = {group["flavors"][0]["name"]: group["coveredResources"] for group in groups}
    slices = ["mig-1g.10gb.nvidia.com", "mig-3g.40gb.nvidia.com"]
    assert counted == {"notebooks": ["nvidia.com/gpu"], "research": ["gpu.nvidia.com"], "slices": slices}
    quotas = [each for each in compilation.valid_bundle().objects if each.id.kind == "ResourceQuota"]
    [foundation] = [each.data["spec"]["hard"] for each in quotas if each.id.namespace == "foundation"]
    claimed = ("gpu.nvidia.com", *slices, "mig.nvidia.com")
    assert foundation == {
        "requests.nvidia.com/gpu": "32",
        **{f"{name}.deviceclass.resource.k8s.io/devices": "0" for name in claimed},
    }


def test_no_series_is_recorded_twice() -> None:
    made = objects(compile_blueprint(str(EXAMPLE)))
    rules = [rule for group in made["PrometheusRule/gpu-records"]["spec"]["groups"] for rule in group["rules"]]
    names = [(rule["record"], tuple(sorted(rule.get("labels", {}).items()))) for rule in rules]
    assert len(names) == len(set(names))
    there = {name for name, _ in names}
    assert {"namespace_pool:gpu_requested:sum", "namespace_phase:claiming_pods:sum", "pool:gpu_slices:sum"} <= there
    alerts = {rule["alert"] for group in made["PrometheusRule/gpu-alerts"]["spec"]["groups"] for rule in group["rules"]}
    assert {"GpuNotAllocatable", "GpuClaimDriverNotReady"} <= alerts


def test_a_pool_that_changes_hands_is_to_be_drained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The other pool stays as it is: nothing is reported about it."""
    bundles = {}
    for name, own in (("before", ""), ("mixed", ", allocation: dra"), ("after", "")):
        stack = "dra" if name == "after" else "devicePlugin"
        text = blueprint(pool("train", H100, nodes=2), pool("research", H100 + own, nodes=2), stack="standalone")
        file = tmp_path / f"{name}.yaml"
        file.write_text(text.replace("gpuStack: standalone\n", f"gpuStack: standalone\n  allocation: {stack}\n"))
        bundles[name] = str(tmp_path / name)
        assert main(["compile", str(file), "-o", bundles[name]]) == 0
    capsys.readouterr()
    assert main(["diff", bundles["before"], bundles["mixed"]]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "BP4521" in told
    assert "takes over the GPUs of research from DaemonSet/nvidia-device-plugin/nvidia-device-plugin" in told
    assert main(["diff", bundles["mixed"], bundles["before"]]) == 1
    assert "BP4521" in capsys.readouterr().out
    assert main(["diff", bundles["mixed"], bundles["after"]]) == 1
    assert "BP4521" in capsys.readouterr().out
