"""Labels, taints and the number of the nodes of a pool, on Node objects of a real API server."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from drift_platform import Applied, bundle_of

from blueprint.cluster.connection import Connection
from blueprint.diagnostics import Span
from blueprint.drift.model import FindingKind, Station
from blueprint.render.model import Bundle, BundlePool, Source, Taint

LABEL, TAINT = "example.org/mig", "example.org/gpu"


def source(line: int) -> tuple[Source, ...]:
    return (Source("blueprint", Span("blueprint.yaml", line, 5, line, 9), "spec.nodePools.train"),)


def pool(mark: str, name: str = "train", nodes: int = 2) -> BundlePool:
    return BundlePool(
        name=name,
        selector={"example.org/pool": mark},
        nodes_min=nodes,
        nodes_max=nodes,
        labels={LABEL: "all"},
        taints=(Taint(TAINT, "true", "NoSchedule"),),
        gpu_product="H100-SXM5-80GB",
        gpu_count=8,
        sources={
            "nodes": source(7),
            "selector": source(8),
            f"labels.{LABEL}": source(9),
            f"taints.{TAINT}:NoSchedule": source(10),
        },
    )


class Nodes:
    """Two nodes as the pool declares them."""

    def __init__(self, connection: Connection) -> None:
        self.mark = f"p-{uuid.uuid4().hex[:8]}"
        self.connection = connection
        for number in range(2):
            self.create(number)

    def create(self, number: int) -> None:
        body = {
            "metadata": {"name": self.name(number), "labels": {"example.org/pool": self.mark, LABEL: "all"}},
            "spec": {"taints": [{"key": TAINT, "value": "true", "effect": "NoSchedule"}]},
        }
        self.connection.request("POST", "/api/v1/nodes", body, query={"fieldManager": "provisioner"})

    def name(self, number: int) -> str:
        return f"{self.mark}-{number}"

    def patch(self, number: int, body: Any, manager: str = "kubectl-edit") -> None:
        path = f"/api/v1/nodes/{self.name(number)}"
        self.connection.request(
            "PATCH", path, body, query={"fieldManager": manager}, content_type="application/merge-patch+json"
        )

    def drift(self, *pools: BundlePool) -> Any:
        bundle: Bundle = bundle_of(self.mark, [], pools=pools or (pool(self.mark),))
        return Applied(bundle, "", self.connection).drift()


@pytest.fixture
def nodes(connection: Connection) -> Nodes:
    return Nodes(connection)


def test_nodes_as_declared_are_clean_and_counted(nodes: Nodes) -> None:
    report = nodes.drift()

    assert report.findings == ()
    assert {c.scope: c.examined for c in report.coverage} == {"objects": 0, "pool nodes": 2}


def test_a_changed_label_names_its_writer_and_its_line(nodes: Nodes) -> None:
    nodes.patch(0, {"metadata": {"labels": {LABEL: "none"}}}, "kubectl-label")

    [finding] = nodes.drift().findings

    assert (finding.kind, finding.subject) == (FindingKind.MODIFIED, f"Node/{nodes.name(0)}")
    assert (finding.declared, finding.live, finding.station) == ("all", "none", Station.NODE)
    assert finding.writer.manager == "kubectl-label"
    assert finding.origin.sources[0].span.line == 9


def test_a_removed_label_and_a_removed_taint_are_found(nodes: Nodes) -> None:
    nodes.patch(0, {"metadata": {"labels": {LABEL: None}}})
    nodes.patch(1, {"spec": {"taints": None}})

    report = nodes.drift()

    found = {(f.kind, f.subject, f.path) for f in report.findings}
    assert found == {
        (FindingKind.REMOVED, f"Node/{nodes.name(0)}", f'metadata.labels["{LABEL}"]'),
        (FindingKind.REMOVED, f"Node/{nodes.name(1)}", f"spec.taints[key={TAINT},effect=NoSchedule]"),
    }
    assert {"BP8020", "BP8021"} <= {d.code.id for d in report.diagnostics}


def test_another_taint_of_somebody_else_is_their_business(nodes: Nodes) -> None:
    declared = {"key": TAINT, "value": "true", "effect": "NoSchedule"}
    nodes.patch(0, {"spec": {"taints": [declared, {"key": "maintenance", "effect": "NoExecute"}]}})

    assert nodes.drift().findings == ()


def test_a_node_that_left_its_pool_is_missed(nodes: Nodes) -> None:
    nodes.patch(0, {"metadata": {"labels": {"example.org/pool": None}}})

    [finding] = nodes.drift().findings

    assert (finding.kind, finding.declared, finding.live) == (FindingKind.POOL_SIZE, 2, 1)
    assert finding.origin.sources[0].span.line == 7


def test_a_node_more_than_declared_is_found(nodes: Nodes) -> None:
    nodes.create(2)

    [finding] = nodes.drift().findings

    assert (finding.kind, finding.live) == (FindingKind.POOL_SIZE, 3)


def test_a_node_of_two_pools_is_found(nodes: Nodes) -> None:
    found = nodes.drift(pool(nodes.mark), pool(nodes.mark, "second")).findings

    assert {(f.kind, f.live) for f in found} == {(FindingKind.SHARED_NODE, "train, second")}


def test_nodes_that_may_not_be_listed_are_unknown(lab: Any, nodes: Nodes) -> None:
    from blueprint.cluster.connect import connect

    blind = Nodes.__new__(Nodes)
    blind.mark, blind.connection = nodes.mark, connect(str(lab.user(f"blind-{nodes.mark}")))

    report = blind.drift()

    assert {c.scope: c.unknown for c in report.coverage}["pool nodes"] == 2
    assert report.exit_code == 2
