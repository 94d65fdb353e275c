"""The effects of a change on nodes are derived from the changed fields, with the numbers of the upgrade policy."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from blueprint.bundle.model import BundlePool, Object, Taint
from blueprint.catalog.component_files.effects import load_effects
from blueprint.changes.change import changed_objects
from blueprint.changes.compare import compare_objects
from blueprint.changes.effects import find_effects
from blueprint.changes.place_effects import pool_changes
from blueprint.changes.rollout import scaled
from blueprint.diagnostics import Diagnostic
from blueprint.kubernetes.crds import load_crd

Data = dict[str, Any]
POLICY: Data = {
    "apiVersion": "nvidia.com/v1",
    "kind": "ClusterPolicy",
    "metadata": {"name": "cluster-policy", "labels": {"app.kubernetes.io/version": "v26.3.3"}},
    "spec": {
        "daemonsets": {"updateStrategy": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "1"}},
        "driver": {
            "enabled": True,
            "useNvidiaDriverCRD": False,
            "version": "580.1",
            "manager": {"version": "v0.11.0"},
            "upgradePolicy": {"autoUpgrade": True, "maxParallelUpgrades": 2, "maxUnavailable": "25%"},
        },
        "toolkit": {"enabled": True, "version": "v1"},
        "devicePlugin": {"enabled": True, "version": "v1"},
        "dcgmExporter": {"enabled": True, "version": "v1"},
        "gds": {"enabled": False, "version": "v1"},
        "mig": {"strategy": "single"},
    },
}
DRIVER: Data = {
    "apiVersion": "nvidia.com/v1alpha1",
    "kind": "NVIDIADriver",
    "metadata": {"name": "train"},
    "spec": {"version": "580.1", "nodeSelector": {"pool": "train"}},
}


def pool(name: str, nodes: int = 10, gpu: str | None = "H100-SXM5-80GB", **more: Any) -> BundlePool:
    empty: Data = {"labels": {}, "taints": (), "sources": {}}
    return BundlePool(
        name=name, selector={"pool": name}, nodes_min=nodes, nodes_max=nodes, gpu_product=gpu, gpu_count=8,
        **(empty | more),
    )  # fmt: skip


def changed(data: Data, **values: Any) -> Data:
    """`data` with some values at dotted paths (`__` for dots) changed."""
    copied = copy.deepcopy(data)
    for path, value in values.items():
        *above, last = path.split("__")
        here = copied
        for step in above:
            here = here[step]
        here[last] = value
    return copied


def effects(before: list[Data], after: list[Data], pools: list[BundlePool] | None = None) -> list[Diagnostic]:
    old, new = ([Object(data, "gpu-operator") for data in side] for side in (before, after))
    changes = compare_objects(old, new)
    return find_effects(changed_objects(changes, {o.id: o.data for o in old}, new), new, pools or [pool("train")])


def codes(found: list[Diagnostic]) -> list[str]:
    return sorted(diagnostic.code.id for diagnostic in found)


def test_a_new_driver_is_reported_with_its_waves() -> None:
    [found] = effects([POLICY], [changed(POLICY, spec__driver__version="595.2")])

    assert found.code.id == "BP4501"
    assert "driver 580.1 -> 595.2" in found.message
    assert "pool train (10 nodes)" in found.message
    assert dict(found.evidence) == {"pools": "train", "nodes": "10", "at once": "2", "waves": "5"}
    assert found.path == "spec.driver.version"
    assert any("gpu-driver-upgrades" in n.message or "GPU driver upgrades" in n.message for n in found.notes)


@pytest.mark.parametrize(
    ("parallel", "unavailable", "nodes", "at_once", "waves"),
    [
        (1, "25%", 10, "1", "10"),
        (0, "100%", 10, "10", "1"),
        (0, "25%", 10, "3", "4"),
        (4, "25%", 10, "3", "4"),
        (4, "50%", 10, "4", "3"),
        (4, 2, 10, "2", "5"),
        (4, "0", 10, "0", "0"),
        (1, "25%", 1, "1", "1"),
    ],
)
def test_both_limits_of_the_policy_count(parallel: int, unavailable: Any, nodes: int, at_once: str, waves: str) -> None:
    """Percentages are rounded up, and 0 for parallel upgrades means no limit, as in upstream's controller."""
    policy = {"autoUpgrade": True, "maxParallelUpgrades": parallel, "maxUnavailable": unavailable}
    before = changed(POLICY, spec__driver__upgradePolicy=policy)

    [found] = effects([before], [changed(before, spec__driver__version="595.2")], [pool("train", nodes)])

    assert dict(found.evidence)["at once"] == at_once
    assert dict(found.evidence)["waves"] == waves


def test_limits_hold_over_all_pools_of_one_policy() -> None:
    pools = [pool("a", 6), pool("b", 4), pool("cpu", 50, gpu=None)]
    [found] = effects([POLICY], [changed(POLICY, spec__driver__version="595.2")], pools)
    assert dict(found.evidence)["pools"] == "a, b"
    assert dict(found.evidence)["waves"] == "5"


def test_nodes_that_keep_their_own_driver_are_left_out() -> None:
    pools = [pool("a"), pool("host", labels={"nvidia.com/gpu.deploy.driver": "false"})]
    [found] = effects([POLICY], [changed(POLICY, spec__driver__version="595.2")], pools)
    assert dict(found.evidence)["pools"] == "a"


def test_without_auto_upgrade_nothing_is_rolled_out() -> None:
    before = changed(POLICY, spec__driver__upgradePolicy={"autoUpgrade": False})
    [found] = effects([before], [changed(before, spec__driver__version="595.2")])
    assert found.code.id == "BP4502"


def test_draining_is_reported() -> None:
    drained = changed(POLICY, spec__driver__upgradePolicy={"autoUpgrade": True, "drain": {"enable": True}})
    [found] = effects([drained], [changed(drained, spec__driver__version="595.2")])
    assert any("is then drained" in note.message for note in found.notes)
    [plain] = effects([POLICY], [changed(POLICY, spec__driver__version="595.2")])
    assert any("no drain" in note.message for note in plain.notes)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("spec__driver__manager", {"version": "v0.12.0"}, "BP4503"),
        ("spec__toolkit__version", "v2", "BP4504"),
        ("spec__devicePlugin__version", "v2", "BP4505"),
        ("spec__mig__strategy", "mixed", "BP4505"),
        ("spec__dcgmExporter__version", "v2", "BP4507"),
        ("spec__gds__enabled", True, "BP4501"),
    ],
)
def test_each_part_has_its_effect(path: str, value: Any, code: str) -> None:
    assert codes(effects([POLICY], [changed(POLICY, **{path: value})])) == [code]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec__gds__version", "v2"),
        ("metadata__labels", {"app.kubernetes.io/version": "v26.3.3", "a": "b"}),
        ("spec__driver__upgradePolicy", {"autoUpgrade": True, "maxParallelUpgrades": 9}),
    ],
)
def test_settings_that_are_off_or_without_effect_do_nothing_to_nodes(path: str, value: Any) -> None:
    assert effects([POLICY], [changed(POLICY, **{path: value})]) == []


def test_where_pools_have_drivers_of_their_own_the_policy_says_nothing() -> None:
    before = changed(POLICY, spec__driver__useNvidiaDriverCRD=True)
    after = [changed(before, spec__driver__version="595.2"), changed(DRIVER, spec__version="590.3")]

    [found] = effects([before, DRIVER], after, [pool("train", 4), pool("serve", 6)])

    assert found.subject == "NVIDIADriver/train"
    assert dict(found.evidence) == {"pools": "train", "nodes": "4", "at once": "1", "waves": "4"}


def test_a_first_installation_does_nothing_to_nodes() -> None:
    assert effects([], [POLICY, DRIVER]) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("v26.3.3", "v26.7.0", []),
        ("v26.3.0", "v26.3.3", []),
        ("v25.10.1", "v26.7.0", ["BP4520"]),
        ("v26.7.0", "v26.3.3", ["BP4520"]),
        ("v26.7.0", "v99.1.0", []),
    ],
)
def test_only_the_next_major_is_supported(old: str, new: str, expected: list[str]) -> None:
    sides = [changed(POLICY, metadata__labels={"app.kubernetes.io/version": version}) for version in (old, new)]
    assert codes(effects([sides[0]], [sides[1]])) == expected


def test_drivers_do_not_change_owner_while_the_operator_becomes_26_7() -> None:
    newer = {"app.kubernetes.io/version": "v26.7.0"}
    together = changed(POLICY, metadata__labels=newer, spec__driver__useNvidiaDriverCRD=True)
    assert "BP4522" in codes(effects([POLICY], [together]))
    apart = changed(POLICY, metadata__labels=newer)
    assert "BP4522" not in codes(effects([POLICY], [apart]))
    assert "BP4522" not in codes(effects([apart], [changed(apart, spec__driver__useNvidiaDriverCRD=True)]))


def test_one_stack_does_not_become_the_other_in_place() -> None:
    other = {"apiVersion": "nvidia.com/v1alpha1", "kind": "GPUCluster", "metadata": {"name": "gpu-cluster"}}
    assert codes(effects([POLICY], [other])) == ["BP4521"]
    assert codes(effects([other], [POLICY])) == ["BP4521"]
    assert effects([], [other]) == []


@pytest.mark.parametrize("strategy", ["RollingUpdate", "OnDelete"])
def test_pods_of_daemonsets_are_replaced_as_their_strategy_says(strategy: str) -> None:
    worker: Data = {
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "w", "namespace": "n"},
        "spec": {"updateStrategy": {"type": strategy, "rollingUpdate": {"maxUnavailable": "10%"}},
                 "template": {"spec": {"containers": [{"name": "a", "image": "x:1"}]}}},
    }  # fmt: skip
    new = changed(worker, spec__template={"spec": {"containers": [{"name": "a", "image": "x:2"}]}})
    [found] = effects([worker], [new])
    assert found.code.id == "BP4507"
    assert ("OnDelete" if strategy == "OnDelete" else "10% at a time") in found.message


def places(before: BundlePool, after: BundlePool) -> list[Diagnostic]:
    return find_effects([], [], [after], pool_changes([before], [after]))


def test_a_label_of_mig_repartitions_gpus() -> None:
    before, after = (pool("train", labels={"nvidia.com/mig.config": name}) for name in ("a", "b"))
    [found] = places(before, after)
    assert (found.code.id, "a -> b" in found.message) == ("BP4506", True)


def test_a_taint_that_evicts_is_distinguished_from_one_that_does_not() -> None:
    plain = pool("train")
    assert codes(places(plain, pool("train", taints=(Taint("a", "", "NoExecute"),)))) == ["BP4508"]
    assert codes(places(plain, pool("train", taints=(Taint("a", "", "NoSchedule"),)))) == ["BP4509"]
    assert codes(places(pool("train", taints=(Taint("a", "", "NoExecute"),)), plain)) == ["BP4509"]
    assert codes(places(plain, pool("train", labels={"team": "x"}))) == ["BP4509"]
    assert places(plain, plain) == []


def test_percent_of_nodes_are_rounded_up() -> None:
    assert [scaled("25%", nodes) for nodes in (1, 4, 5)] == [1, 1, 2]
    assert scaled(3, 10) == scaled("3", 10) == 3


def named_fields() -> Iterator[Any]:
    for table in load_effects():
        for effect in table.effects:
            for name in effect.fields:
                if effect.kind != "Node":
                    yield pytest.param(effect.kind, name, id=f"{effect.kind} {name}")


@pytest.mark.parametrize(("kind", "name"), list(named_fields()))
def test_every_field_of_the_tables_exists(kind: str, name: str) -> None:
    """A misspelt path would be an effect that is never reported."""
    group, plural = {
        "ClusterPolicy": ("nvidia.com", "clusterpolicies"),
        "GPUCluster": ("nvidia.com", "gpuclusters"),
        "NVIDIADriver": ("nvidia.com", "nvidiadrivers"),
        "NicClusterPolicy": ("mellanox.com", "nicclusterpolicies"),
        "NicNodePolicy": ("mellanox.com", "nicnodepolicies"),
        "NodePool": ("karpenter.sh", "nodepools"),
        "EC2NodeClass": ("karpenter.k8s.aws", "ec2nodeclasses"),
    }[kind]
    here = load_crd(group, plural)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for step in name.split("."):
        here = here["properties"][step]


CLUSTER: Data = {
    "apiVersion": "nvidia.com/v1alpha1",
    "kind": "GPUCluster",
    "metadata": {"name": "gpu-cluster", "labels": {"app.kubernetes.io/version": "v26.7.0"}},
    "spec": {"draDriver": {"version": "v0.5.0", "featureGates": {}}, "dcgmExporter": {"enabled": True}},
}


def test_a_gate_of_the_dra_driver_restarts_it_everywhere() -> None:
    [found] = effects([CLUSTER], [changed(CLUSTER, spec__draDriver__featureGates={"DynamicMIG": True})])
    assert found.code.slug == "allocation-pause"
    assert "all nodes at once" in found.message


NICS: Data = {
    "apiVersion": "mellanox.com/v1alpha1",
    "kind": "NicClusterPolicy",
    "metadata": {"name": "nic-cluster-policy"},
    "spec": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "gpublueprint.dev/pool", "operator": "In", "values": ["train"]}]}
                ]
            }
        },
        "ofedDriver": {
            "version": "doca3.4",
            "upgradePolicy": {
                "autoUpgrade": True, "maxParallelUpgrades": 4, "drain": {"enable": True, "timeoutSeconds": 300},
            },
        },
        "rdmaSharedDevicePlugin": {"version": "v1"},
    },
}  # fmt: skip
TRAIN = pool("train", labels={"gpublueprint.dev/pool": "train"})
OTHER = pool("other", labels={"gpublueprint.dev/pool": "other"})


def network(pools: list[BundlePool] | None = None, before: Data = NICS, **values: Any) -> Diagnostic:
    """The findings about a new network driver, beside a GPU driver without peer memory."""
    after = changed(before, spec__ofedDriver__version="doca3.5", **values)
    [found] = effects([before, POLICY], [after, POLICY], pools or [TRAIN, OTHER])
    return found


def test_a_new_network_driver_is_reported_with_its_nodes_and_its_pace() -> None:
    found = network()
    assert (found.code.slug, found.severity.value) == ("network-driver-rollout", "warning")
    assert "doca3.4 -> doca3.5" in found.message
    assert "pool train (10 nodes)" in found.message
    assert "evicted" in found.message
    assert "4 of 10 nodes at a time (maxParallelUpgrades 4): 3 waves" in found.notes[0].message
    assert "nvidia-peermem" not in str(found.notes)


def test_without_a_drain_nobody_is_evicted_and_without_a_bound_all_go_at_once() -> None:
    policy = {"autoUpgrade": True, "maxParallelUpgrades": 0, "drain": {"enable": False}}
    found = network(spec__ofedDriver__upgradePolicy=policy)
    assert "evicted" not in found.message
    assert "10 of 10 nodes at a time (maxParallelUpgrades 0): 1 wave" in found.notes[0].message


def test_a_network_driver_that_is_not_upgraded_by_itself_is_held_back() -> None:
    assert network(spec__ofedDriver__upgradePolicy={}).code.slug == "network-driver-held-back"


@pytest.mark.parametrize("kind", ["ClusterPolicy", "NVIDIADriver"])
def test_peer_memory_must_be_rebuilt(kind: str) -> None:
    """Whichever object describes the GPU driver; a driver that is off does not build anything."""
    rdma = {"enabled": True}
    driver = {**POLICY, "kind": kind, "spec": {"driver": {"rdma": rdma}} if kind == "ClusterPolicy" else {"rdma": rdma}}
    for data, told in ((driver, True), (POLICY, False)):
        [found] = effects([NICS, data], [changed(NICS, spec__ofedDriver__version="doca3.5"), data], [TRAIN])
        assert any("nvidia-peermem" in note.message for note in found.notes) is told


def test_a_policy_of_one_pool_reaches_that_pool_alone() -> None:
    own = {**changed(NICS, spec__nodeAffinity=None), "kind": "NicNodePolicy"}
    own["spec"]["nodeSelector"] = {"pool": "other"}
    assert "on pool other (10 nodes)" in network(before=own).message


def test_other_parts_of_the_network_operator_do_not_count_as_a_new_driver() -> None:
    assert effects([NICS], [changed(NICS, spec__rdmaSharedDevicePlugin={"version": "v2"})], [TRAIN]) == []
