"""A stuck rollout is drift: states that operators write to nodes and into the status of their custom resources.

The table is tested with `drift --snapshot` and with a real API server, which must give the same findings.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle
from blueprint.diagnostics import Severity
from blueprint.drift.detect import as_run, detect_drift
from blueprint.drift.model import DriftReport
from blueprint.drift.snapshot import read_snapshot, take, to_bytes
from blueprint.drift.view import ClusterView
from blueprint.lab.components import SIMULATED
from blueprint.lab.nodes import simulated_nodes
from blueprint.pipeline import compile_blueprint
from tests.support.drift_platform import MERGE_PATCH, apply

BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: stuck, version: 1.0.0}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36.3", os: ubuntu-22.04}
  nodePools:
    cut:
      nodes: 1
      selector: {example.org/pool: cut}
      gpu: {product: A100-PCIe-40GB, count: 4, mig: {strategy: mixed, layout: [{profiles: {3g.20gb: 2}}]}}
      driver: {branch: "580"}
    spare:
      nodes: {min: 0, max: 4}
      selector: {example.org/pool: spare}
      gpu: {product: A100-PCIe-40GB, count: 4}
"""
POLICY = "/apis/nvidia.com/v1/clusterpolicies/cluster-policy"
NODE, MANIFEST = "Node/cut-0000", "ClusterPolicy/cluster-policy"
CUT, GPU = "nvidia.com/mig-3g.20gb", "nvidia.com/gpu"
UPGRADE, MIG = "nvidia.com/gpu-driver-upgrade-state", "nvidia.com/mig.config.state"
READY: dict[str, Any] = {"state": "ready", "namespace": "gpu-operator"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    file = tmp_path_factory.mktemp("stuck") / "blueprint.yaml"
    file.write_text(BLUEPRINT)
    compiled = compile_blueprint(str(file)).bundle
    assert compiled
    return compiled


@pytest.fixture(scope="module")
def cluster(lab: Any, bundle: Bundle) -> Iterator[Connection]:
    """The bundle applied, its nodes present with everything that they should offer, and the operator
    reporting success.
    """
    with lab.fresh() as own:
        own.create_nodes(simulated_nodes(bundle))
        connection = connect(str(own.kubeconfig))
        apply(bundle, connection)
        patch(connection, f"{POLICY}/status", {"status": READY}, "gpu-operator")
        yield connection
        connection.close()


def patch(connection: Connection, path: str, body: Any, manager: str) -> None:
    connection.request("PATCH", path, body, query={"fieldManager": manager}, content_type=MERGE_PATCH)


def seen(bundle: Bundle, connection: Connection, folder: Path) -> DriftReport:
    """The findings of drift on the cluster, after checking that a snapshot of it gives the same."""
    live = detect_drift(bundle, ClusterView(connection))
    file = folder / "snapshot.json"
    file.write_bytes(to_bytes(take(bundle, ClusterView(connection)), compressed=False))
    later = detect_drift(bundle, read_snapshot(file))
    assert told(later) == told(live)
    assert (later.exit_code, later.unknown) == (live.exit_code, live.unknown)
    return live


def told(report: DriftReport) -> list[tuple[str, str, str]]:
    """Everything except remarks about the method."""
    remarks = {"BP8041", "BP8011"}
    return sorted((str(d.subject), d.code.id, str(d.path)) for d in report.diagnostics if d.code.id not in remarks)


STATES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Severity]]] = [
    # description, change of the node, of its status, of the policy's status, codes with severity
    ("healthy", {}, {}, {}, {}),
    ("upgrade failed", {UPGRADE: "upgrade-failed"}, {}, {}, {"BP8065": Severity.ERROR}),
    ("upgrade runs", {UPGRADE: "drain-required"}, {}, {}, {"BP8063": Severity.WARNING}),
    ("mig pending", {MIG: "pending"}, {}, {}, {"BP8063": Severity.WARNING}),
    ("mig rebooting", {MIG: "rebooting"}, {}, {}, {"BP8063": Severity.WARNING}),
    ("mig failed", {MIG: "failed"}, {}, {}, {"BP8065": Severity.ERROR}),
    ("nothing to offer", {}, {CUT: "0"}, {}, {"BP8068": Severity.ERROR}),
    ("one GPU ill", {}, {CUT: "6"}, {}, {"BP8068": Severity.ERROR}),
    ("not cut", {}, {CUT: None, GPU: "4"}, {}, {"BP8068": Severity.ERROR}),
    ("another cutting", {}, {CUT: "0", "nvidia.com/mig-1g.5gb": "28"}, {}, {"BP8068": Severity.ERROR}),
    ("zero of what is not declared", {}, {GPU: "0"}, {}, {}),
    ("other vendors' resources", {}, {"rdma/hca_shared": "63", "vpc.amazonaws.com/efa": "4"}, {}, {}),
    ("being cut", {MIG: "pending"}, {CUT: "0"}, {}, {"BP8063": Severity.WARNING}),
    ("operator not ready", {}, {}, {"state": "notReady"}, {"BP8070": Severity.ERROR}),
    ("operator ignores it", {}, {}, {"state": "ignored"}, {"BP8070": Severity.ERROR}),
]


@pytest.mark.parametrize(("labels", "offered", "status", "codes"), [s[1:] for s in STATES], ids=[s[0] for s in STATES])
def test_every_state_is_reported_with_its_severity_live_and_in_a_snapshot(
    bundle: Bundle,
    cluster: Connection,
    tmp_path: Path,
    labels: dict[str, str],
    offered: dict[str, str | None],
    status: dict[str, str],
    codes: dict[str, Severity],
) -> None:
    node = "/api/v1/nodes/cut-0000"
    patch(cluster, node, {"metadata": {"labels": labels}}, "gpu-operator")
    patch(cluster, f"{node}/status", {"status": {"allocatable": offered}}, "kubelet")
    patch(cluster, f"{POLICY}/status", {"status": status}, "gpu-operator")
    try:
        report = seen(bundle, cluster, tmp_path)
    finally:
        patch(cluster, node, {"metadata": {"labels": dict.fromkeys(labels)}}, "gpu-operator")
        restored = {CUT: "8"} | {key: None for key in offered if key != CUT}
        patch(cluster, f"{node}/status", {"status": {"allocatable": restored}}, "kubelet")
        patch(cluster, f"{POLICY}/status", {"status": READY}, "gpu-operator")

    found = {d.code.id: d.code.severity for d in report.diagnostics if d.subject in {NODE, MANIFEST}}
    assert found == codes
    assert report.exit_code == (1 if codes else 0)
    assert all(NODE.removeprefix("Node/") in d.message for d in report.diagnostics if d.subject == NODE)


def test_the_writer_of_a_status_is_reported(bundle: Bundle, cluster: Connection) -> None:
    patch(cluster, f"{POLICY}/status", {"status": {"state": "notReady"}}, "gpu-operator")
    try:
        report = detect_drift(bundle, ClusterView(cluster))
    finally:
        patch(cluster, f"{POLICY}/status", {"status": READY}, "gpu-operator")

    [finding] = [f for f in report.findings if f.subject == MANIFEST]
    assert finding.writer
    assert (finding.writer.manager, finding.writer.subresource) == ("gpu-operator", "status")
    assert not finding.restorable


def everything_stuck() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": "cut-0000",
            "uid": "u1",
            "labels": {"example.org/pool": "cut", UPGRADE: "upgrade-failed", MIG: "pending"},
        },
        "spec": {
            "unschedulable": True,
            "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}],
        },
        "status": {"allocatable": {GPU: "0"}, "conditions": [{"type": "Ready", "status": "True"}]},
    }


def stuck(bundle: Bundle, node: dict[str, Any], policy: dict[str, Any] | None) -> DriftReport:
    """A snapshot in which every object is as declared, with this node and this status of the policy."""
    from blueprint.drift.snapshot import SnapshotView

    live = {obj.id: copy.deepcopy(dict(obj.data)) for obj in bundle.objects}
    for found in live.values():
        if found["kind"] == "ClusterPolicy" and policy is not None:
            found["status"] = policy
    labels = next(p for p in bundle.pools if p.name == "cut").labels
    node = {**node, "metadata": {**node["metadata"], "labels": {**labels, **node["metadata"]["labels"]}}}
    return detect_drift(bundle, SnapshotView("file", "2026-11-21T10:00:00Z", "salt", live=live, node_list=(node,)))


def test_a_node_on_which_everything_is_stuck_is_drift_without_any_writer(bundle: Bundle) -> None:
    report = stuck(bundle, everything_stuck(), {"state": "notReady"})

    on_node = {d.path: d.code.id for d in report.diagnostics if d.subject == NODE}
    assert report.exit_code == 1
    assert on_node == {
        f'metadata.labels["{UPGRADE}"]': "BP8065",
        f'metadata.labels["{MIG}"]': "BP8063",
        "spec.unschedulable": "BP8061",
        f'status.allocatable["{CUT}"]': "BP8063",
    }
    assert [d.code.id for d in report.diagnostics if d.subject == MANIFEST] == ["BP8070"]


def test_what_nobody_reported_is_unknown_on_a_real_node_and_named_as_simulated_where_no_machine_is(
    bundle: Bundle,
) -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    silent = {**everything_stuck(), "spec": {}, "status": ready}
    silent["metadata"] = {**silent["metadata"], "labels": {"example.org/pool": "cut"}}
    made_up = {**silent, "metadata": {**silent["metadata"], "annotations": {SIMULATED: "true"}}}

    without_machine = {**silent, "status": {}}

    real, simulated, empty = (stuck(bundle, node, None) for node in (silent, made_up, without_machine))

    def codes(report: DriftReport) -> list[str]:
        return sorted(d.code.id for d in report.diagnostics if d.code.id not in {"BP8041", "BP8011"})

    # the ClusterPolicy, and one NVIDIADriver for each of the two branches
    assert (real.exit_code, real.unknown, codes(real)) == (3, 4, ["BP8069", "BP8071", "BP8071", "BP8071"])
    for each in (simulated, empty):
        assert (each.exit_code, codes(each)) == (0, [])
        said = [line for line in as_run(each, "").out_of_scope if "simulated" in line]
        assert [line.partition(" (")[0] for line in said] == ["health of custom resources", "GPUs that nodes offer"]
    assert all(d.code.severity is not Severity.ERROR for d in (*real.diagnostics, *simulated.diagnostics))


def test_an_operator_that_sees_no_gpu_node_is_right_where_there_may_be_none(bundle: Bundle) -> None:
    from blueprint.records import replace

    status = {"state": "ready", "conditions": [{"type": "Ready", "status": "True", "reason": "NoGPUNodes"}]}
    healthy = everything_stuck() | {"spec": {}, "status": {"allocatable": {CUT: "8"}}}
    healthy["metadata"]["labels"] = {"example.org/pool": "cut"}
    empty = replace(bundle, pools=tuple(replace(p, nodes_min=0) for p in bundle.pools))

    assert [d.code.id for d in stuck(bundle, healthy, status).diagnostics if d.subject == MANIFEST] == ["BP8070"]
    assert [d.code.id for d in stuck(empty, healthy, status).diagnostics if d.subject == MANIFEST] == []


def test_the_closing_sentence_promises_no_restore(bundle: Bundle) -> None:
    verdict = as_run(stuck(bundle, everything_stuck(), {"state": "notReady"}), "").verdict

    assert verdict == (
        "Drift: 5 differences in 2 objects, from 5 causes. An apply restores none of it; "
        "2 resolve themselves, unless they are stuck; 1 stays until you remove or declare it; 2 need a repair."
    )
