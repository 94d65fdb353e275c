"""Labels, taints and the number of the nodes of a pool, on Node objects of a real API server."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.apiserver.connection import Connection
from blueprint.drift.model import FindingKind, FoundIn
from tests.support.node_pools import DECLARED, LABEL, TAINT, Nodes, pool


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
    assert (finding.declared, finding.live, finding.found_in) == ("all", "none", FoundIn.NODE)
    assert finding.writer
    assert finding.writer.manager == "kubectl-label"
    assert finding.origin
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


def test_another_taint_of_another_owner_is_found_and_leaves_the_declared_one_alone(nodes: Nodes) -> None:
    nodes.patch(0, {"spec": {"taints": [DECLARED, {"key": "maintenance", "effect": "NoExecute"}]}})

    [finding] = nodes.drift().findings

    assert (finding.kind, finding.path) == (
        FindingKind.FOREIGN_ADDITION,
        "spec.taints[key=maintenance,effect=NoExecute]",
    )
    assert finding.writer
    assert finding.writer.manager == "kubectl-edit"
    assert not finding.restorable


def test_a_node_that_left_its_pool_is_missed(nodes: Nodes) -> None:
    nodes.patch(0, {"metadata": {"labels": {"example.org/pool": None}}})

    [finding] = nodes.drift().findings

    assert (finding.kind, finding.declared, finding.live) == (FindingKind.POOL_SIZE, 2, 1)
    assert finding.origin
    assert finding.origin.sources[0].span.line == 7


def test_a_node_more_than_declared_is_found(nodes: Nodes) -> None:
    nodes.create(2)

    [finding] = nodes.drift().findings

    assert (finding.kind, finding.live) == (FindingKind.POOL_SIZE, 3)


def test_a_node_of_two_pools_is_found(nodes: Nodes) -> None:
    found = nodes.drift(pool(nodes.mark), pool(nodes.mark, "second")).findings

    assert {(f.kind, f.live) for f in found} == {(FindingKind.SHARED_NODE, "train, second")}


def test_nodes_that_may_not_be_listed_are_unknown(lab: Any, nodes: Nodes) -> None:
    from blueprint.apiserver.connect import connect

    blind = Nodes.__new__(Nodes)
    blind.mark, blind.connection = nodes.mark, connect(str(lab.user(f"blind-{nodes.mark}")))

    report = blind.drift()

    assert {c.scope: c.unknown for c in report.coverage}["pool nodes"] == 2
    assert report.exit_code == 2
