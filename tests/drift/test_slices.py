"""Scope `derived` on a real API server: a driver that publishes the prediction, and drivers that publish something
else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.drift.detect import detect_drift
from blueprint.drift.snapshot import read_snapshot, take, to_bytes
from blueprint.drift.view import ClusterView
from blueprint.platform.dra.slices import slices_of_node
from tests.platform.test_slices import CUT, DYNAMIC
from tests.support.platforms import H100
from tests.support.published_slices import (
    PLUGIN,
    SLICES,
    Published,
    Slices,
    bundle_of,
    cleared,
    code_of,
    devices,
)
from tests.support.service_accounts import service_account
from tests.support.waits import PATIENCE

MIB = 2**20


@pytest.fixture(scope="module")
def own_lab(lab: Any) -> Iterator[Connection]:
    """A lab of its own: slices and nodes are cluster-scoped."""
    with lab.fresh() as fresh:
        opened = connect(str(fresh.kubeconfig), timeout=PATIENCE)
        yield opened
        opened.close()


@pytest.fixture
def connection(own_lab: Connection) -> Iterator[Connection]:
    yield from cleared(own_lab)


def world(connection: Connection, fields: str = H100, *more: str, settings: str = "") -> Published:
    return Published(connection, bundle_of(fields, *more, settings=settings))


@pytest.mark.parametrize(
    ("fields", "settings"),
    [
        (H100, ""),
        (CUT, ""),
        (H100, DYNAMIC),
        ("gpu: {product: B200, count: 8}", DYNAMIC),
        (H100, "draFeatureGates: {PassthroughSupport: true}"),
        (H100, 'draFeatureGates: {ConsumableShares: true}, draEnv: {CONSUMABLE_SHARES: "4"}'),
        ("gpu: {product: GB200, count: 4}, nvlinkDomain: {nodes: 2}", ""),
    ],
    ids=["whole", "layout", "on-demand", "b200", "passthrough", "shares", "domains"],
)
def test_a_driver_that_publishes_what_was_predicted_is_not_drift(
    connection: Connection, fields: str, settings: str
) -> None:
    there = world(connection, fields, settings=settings)
    there.publish()
    report = there.drift()
    assert [finding.statement for finding in report.findings] == []
    assert (report.exit_code, report.coverage[0].examined, report.unknown) == (0, 2, 0)


def _lose_a_gpu(slices: Slices) -> None:
    del slices[0]["spec"]["devices"][3]


def _add_a_gpu(slices: Slices) -> None:
    more = copy.deepcopy(slices[0]["spec"]["devices"][0])
    slices[0]["spec"]["devices"].append(more | {"name": "gpu-8"})


def _another_product(slices: Slices) -> None:
    for device in devices(slices):
        device["attributes"]["productName"]["string"] = "NVIDIA H100 PCIe"


def _another_driver(slices: Slices) -> None:
    for device in devices(slices)[:2]:
        device["attributes"]["driverVersion"]["version"] = "570.86.2"


def _less_memory(slices: Slices) -> None:
    devices(slices)[0]["capacity"]["memory"]["value"] = "40Gi"


def _unknown_attribute(slices: Slices) -> None:
    devices(slices)[0]["attributes"]["index"] = {"int": 0}


def _no_product(slices: Slices) -> None:
    del devices(slices)[0]["attributes"]["productName"]


def _taint(effect: str, key: str = "gpu.nvidia.com/xid") -> Callable[[Slices], None]:
    def tainted(slices: Slices) -> None:
        devices(slices)[0]["taints"] = [{"key": key, "value": "48", "effect": effect}]

    return tainted


def _two_generations(slices: Slices) -> Slices:
    newer = copy.deepcopy(slices[0])
    newer["metadata"]["name"] += "-newer"
    newer["spec"]["pool"]["generation"] = 2
    return [slices[0], newer]


def _incomplete(slices: Slices) -> None:
    slices[0]["spec"]["pool"]["resourceSliceCount"] = 2


def _another_pool(slices: Slices) -> None:
    slices[0]["spec"]["pool"]["name"] = "gpus-of-node-a"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (_lose_a_gpu, "BP8091", "lacks 1 device: gpu-3 (gpu), which the blueprint predicts"),
        (_add_a_gpu, "BP8090", "publishes 1 device: gpu-8 (gpu), which the blueprint does not predict"),
        (_another_product, "BP8092", "productName NVIDIA H100 PCIe of 8 devices"),
        (_another_driver, "BP8092", "gpu-0, gpu-1, but the blueprint predicts 595.91.7"),
        (_less_memory, "BP8092", "memory 40Gi of 1 device: gpu-0, but the blueprint predicts 81559Mi +-256Mi"),
        (_unknown_attribute, "BP8092", "index 0 of 1 device: gpu-0, which the blueprint does not predict"),
        (_no_product, "BP8092", "publishes no productName of 1 device: gpu-0"),
        (_taint("NoSchedule"), "BP8093", "taints gpu-0 with gpu.nvidia.com/xid=48:NoSchedule"),
        (_taint("NoExecute", "acme.example/broken"), "BP8093", "which is not a taint of its driver"),
        (_two_generations, "BP8095", "different generations"),
        (_incomplete, "BP8095", "is one of 1 slices of its pool, which declares 2"),
        (_another_pool, "BP8095", "forms pool gpus-of-node-a"),
    ],
)
def test_a_wrong_slice_is_found_with_its_writer(
    connection: Connection, change: Callable[[Slices], Slices | None], code: str, words: str
) -> None:
    there = world(connection, settings="draFeatureGates: {NVMLDeviceHealthCheck: true}")
    there.publish(change)
    report = there.drift()
    [finding] = report.findings
    assert (code_of(finding), report.exit_code) == (code, 1)
    assert words in finding.statement
    assert finding.subject.startswith("ResourceSlice/node-a-gpu.nvidia.com")
    assert finding.writer is not None
    assert finding.writer.manager == PLUGIN
    assert ("driver", "gpu.nvidia.com") in finding.seen
    assert ("node", "node-a") in finding.seen
    assert finding.origin is not None


def test_memory_within_the_tolerance_is_not_drift(connection: Connection) -> None:
    there = world(connection)

    def slightly_less(slices: Slices) -> None:
        devices(slices)[0]["capacity"]["memory"]["value"] = str((81559 - 200) * MIB)

    there.publish(slightly_less)
    assert there.findings() == []


def test_an_error_of_an_application_is_reported_and_is_not_drift(connection: Connection) -> None:
    there = world(connection, settings="draFeatureGates: {NVMLDeviceHealthCheck: true}")
    there.publish(_taint("None"))
    report = there.drift()
    assert [code_of(each) for each in report.findings] == ["BP8099"]
    assert report.exit_code == 0


def test_gpus_have_the_minor_numbers_that_the_kernel_gave_them(connection: Connection) -> None:
    """The layout numbers GPUs by index; on real boards the minor numbers are in a different order."""
    there = world(connection, CUT)

    def swapped(slices: Slices) -> None:
        for device in devices(slices):
            number = int(device["name"].split("-")[1])
            device["name"] = device["name"].replace(f"gpu-{number}", f"gpu-{(number + 4) % 8}", 1)

    there.publish(swapped)
    assert there.findings() == []


def test_a_gpu_that_was_partitioned_in_another_way_is_named(connection: Connection) -> None:
    there = world(connection, CUT)

    def whole(slices: Slices) -> None:
        kept = [each for each in devices(slices) if not each["name"].startswith("gpu-2-mig")]
        more = copy.deepcopy(kept[-1])
        slices[0]["spec"]["devices"] = [*kept, more | {"name": "gpu-2"}]

    there.publish(whole)
    names = [f"gpu-2-mig-1g10gb-19-{number}" for number in range(4)]
    assert there.findings() == [
        ("BP8090", "publishes 1 device: gpu-2 (gpu), which the blueprint does not predict"),
        (
            "BP8091",
            "lacks 7 devices: {}, {}, {}, {} and 3 more (1g.10gb), which the blueprint predicts".format(*names),
        ),
    ]


def test_counters_that_differ_are_found(connection: Connection) -> None:
    there = world(connection, settings=DYNAMIC)

    def fewer(slices: Slices) -> None:
        slices[0]["spec"]["sharedCounters"][0]["counters"]["multiprocessors"]["value"] = "114"

    there.publish(fewer)
    assert there.findings() == [
        ("BP8092", "publishes counters.multiprocessors 114 of gpu-0-counter-set, but the blueprint predicts 132")
    ]


def test_a_prepared_gpu_of_passthrough_is_there_in_one_form(connection: Connection) -> None:
    there = world(connection, settings="draFeatureGates: {PassthroughSupport: true}")

    def prepared(slices: Slices) -> None:
        kept = [each for each in devices(slices) if each["name"] not in ("gpu-0", "gpu-vfio-1")]
        slices[0]["spec"]["devices"] = kept

    there.publish(prepared)
    assert there.findings() == []


def test_a_node_without_slices_is_missing_where_the_driver_runs(connection: Connection) -> None:
    there = world(connection)
    there.publish()
    there.nodes = []
    there.run_driver(2, 2)
    connection.request("DELETE", f"{SLICES}/node-a-gpu.nvidia.com-00")
    report = there.drift()
    assert [(code_of(each), each.subject) for each in report.findings] == [("BP8094", "Node/node-a")]
    assert report.exit_code == 1


def test_a_node_without_slices_is_unknown_while_the_drivers_pods_are_not_ready(connection: Connection) -> None:
    there = world(connection)
    there.run_driver(0, 2)
    report = there.drift()
    assert report.findings == ()
    assert (report.unknown, report.coverage[0].reason) == (
        2,
        "pool train: DaemonSet/default/dra has 0 of 2 pods ready",
    )
    assert report.exit_code == 2, "nothing at all was examined"


def test_slices_of_a_node_of_no_pool_and_of_no_node(connection: Connection) -> None:
    there = world(connection)
    there.publish()
    there.add_node("stranger", labels={})
    for name in ("stranger", "gone"):
        for each in there.predicted(name):
            connection.request("POST", SLICES, each, query={"fieldManager": PLUGIN})
    assert there.findings() == [
        ("BP8096", "publishes devices of gpu.nvidia.com: node gone is not in the cluster"),
        ("BP8096", "publishes devices of gpu.nvidia.com: node stranger belongs to no pool"),
    ]


def test_another_driver_that_publishes_the_same_gpus_is_found_and_one_of_network_cards_is_not(
    connection: Connection,
) -> None:
    there = world(connection)
    there.publish()
    [own] = there.predicted("node-a")

    def publish(driver: str, address: str) -> None:
        other = copy.deepcopy(own)
        other["metadata"]["name"] = f"node-a-{driver}"
        other["spec"]["driver"] = driver
        attributes = {"resource.kubernetes.io/pciBusID": {"string": address}}
        other["spec"]["devices"] = [{"name": "card", "attributes": attributes}]
        connection.request("POST", SLICES, other, query={"fieldManager": "other"})

    publish("gpus.acme.example", "ffff:02:00.0")
    publish("dra.net", "0000:17:00.0")
    assert there.findings() == [("BP8097", "publishes GPUs of node node-a that gpu.nvidia.com also publishes")]


def test_where_a_device_plugin_counts_the_gpus_none_may_be_published(connection: Connection) -> None:
    there = world(connection)
    there.publish()
    from tests.support.platforms import blueprint, compiled, pool

    counted = compiled(blueprint(pool("train", H100, nodes=2)))
    assert counted.bundle
    there.bundle = counted.bundle
    assert (
        there.findings()
        == [("BP8096", "publishes devices of gpu.nvidia.com: no DRA driver publishes the GPUs of pool train")] * 2
    )


def test_a_node_that_is_made_up_is_compared_and_named_as_simulated(connection: Connection) -> None:
    there = world(connection)
    for name in there.nodes:
        note = {"metadata": {"annotations": {"gpublueprint.dev/simulated": "true"}}}
        connection.request("PATCH", f"/api/v1/nodes/{name}", note, content_type="application/merge-patch+json")
    report = there.drift()
    assert (report.findings, report.exit_code) == ((), 0), "without slices nothing is missing: no driver runs"
    assert report.simulated == ("devices that DRA drivers publish",)


def test_values_that_a_lab_cannot_make_up_are_not_missing_there(connection: Connection) -> None:
    there = world(connection)
    for name in there.nodes:
        note = {"metadata": {"annotations": {"gpublueprint.dev/simulated": "true"}}}
        connection.request("PATCH", f"/api/v1/nodes/{name}", note, content_type="application/merge-patch+json")
        for each in slices_of_node(there.bundle.pools[0], name, synthetic=True):
            connection.request("POST", SLICES, each)
    assert there.findings() == []


def test_a_snapshot_holds_the_slices(connection: Connection, tmp_path: Path) -> None:
    there = world(connection)
    there.publish(_lose_a_gpu)
    file = tmp_path / "snapshot.json.gz"
    file.write_bytes(to_bytes(take(there.bundle, ClusterView(connection)), compressed=True))
    report = detect_drift(there.bundle, read_snapshot(file), scopes=("derived",))
    assert [code_of(each) for each in report.findings] == ["BP8091"]


def test_without_the_right_to_list_slices_what_is_published_is_unknown(own_lab_access: Any) -> None:
    connection, nobody = own_lab_access
    there = world(connection)
    there.publish()
    report = detect_drift(there.bundle, ClusterView(nobody), scopes=("derived",))
    assert [each.code.id for each in report.diagnostics] == ["BP8084"]
    assert "forbidden" in report.diagnostics[0].message
    assert (report.unknown, report.failed) == (2, False)


@pytest.fixture
def own_lab_access(lab: Any) -> Iterator[tuple[Connection, Connection]]:
    """A lab, with an administrator and a user who may list nodes but no slices."""
    with lab.fresh() as fresh:
        admin = connect(str(fresh.kubeconfig), timeout=PATIENCE)
        rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}]
        role = {"metadata": {"name": "nodes"}, "rules": rules}
        admin.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role)
        binding = {
            "metadata": {"name": "nodes"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "nodes"},
            "subjects": [{"kind": "ServiceAccount", "name": "nobody", "namespace": "default"}],
        }
        admin.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
        nobody = connect(str(service_account(fresh, "default", "nobody")), timeout=PATIENCE)
        yield admin, nobody
        admin.close()
        nobody.close()
