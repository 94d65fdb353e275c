"""Nodes that left a pool, replace others, or are new under an old name, as the record of an apply shows."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle
from blueprint.drift.membership import POOL_LABEL
from blueprint.drift.model import DriftReport, Finding, FindingKind
from blueprint.records import replace
from tests.support.drift_platform import Applied, apply, bundle_of
from tests.support.node_pools import LABEL, Nodes, about, pool


class AppliedNodes(Nodes):
    """Nodes that an apply labelled, so that the record contains them."""

    def __init__(self, connection: Connection, number: int = 2, **rest: Any) -> None:
        super().__init__(connection, number)
        self.declared = pool(self.mark, nodes=number, **{"labels": {LABEL: "all", POOL_LABEL: "train"}} | rest)
        self.bundle: Bundle = bundle_of(self.mark, [], pools=(self.declared,), node_labels="apply")
        apply(self.bundle, connection)

    def join(self, number: int) -> None:
        """Add a node that has everything that the pool declares."""
        self.create(number, **{POOL_LABEL: "train"})

    def delete(self, number: int) -> None:
        self.connection.delete(f"/api/v1/nodes/{self.name(number)}")

    def look(self) -> DriftReport:
        return Applied(self.bundle, "", self.connection).drift()

    def leave(self, number: int, value: str | None, manager: str = "kubectl-label") -> None:
        self.patch(number, {"metadata": {"labels": {"example.org/pool": value}}}, manager)


@pytest.fixture
def nodes(connection: Connection) -> AppliedNodes:
    return AppliedNodes(connection)


def told(report: DriftReport) -> dict[str | None, list[str]]:
    """The findings about pools and nodes, by subject, without our own marks that remain on nodes (BP8020)."""
    found = {d.subject: [t.code.id for t in about(report, d.subject or "") if t.code.id != "BP8020"]
             for d in report.diagnostics if d.subject}  # fmt: skip
    return {subject: codes for subject, codes in found.items() if codes}


def who_left(report: DriftReport) -> Finding:
    """The only finding, which reports that a node is not the one that was applied."""
    [finding] = [each for each in report.findings if each.kind is FindingKind.LEFT]
    return finding


def test_applied_nodes_are_clean(nodes: AppliedNodes) -> None:
    assert (nodes.look().findings, nodes.look().exit_code) == ((), 0)


def test_too_few_nodes_name_who_left_and_how(nodes: AppliedNodes) -> None:
    nodes.leave(0, "elsewhere")

    report = nodes.look()

    assert told(report) == {"NodePool/train": ["BP8022"]}
    [finding] = [each for each in report.findings if each.kind is FindingKind.POOL_SIZE]
    [note] = finding.remarks
    assert note.message.startswith(f"{nodes.name(0)} was labelled by an earlier apply: its label example.org/pool is")
    assert '"kubectl-label"' in note.message


def test_a_node_that_another_stands_in_for_is_named(nodes: AppliedNodes) -> None:
    """The count is correct, so no other finding shows it."""
    nodes.leave(0, None)
    nodes.join(7)

    report = nodes.look()

    assert told(report) == {f"Node/{nodes.name(0)}": ["BP8066"]}
    finding = who_left(report)
    assert "no longer has the label example.org/pool" in finding.statement
    assert finding.remarks[0].message == f"new since then: {nodes.name(7)}"
    assert not finding.restorable


def test_a_node_that_was_deleted_and_replaced_is_named(nodes: AppliedNodes) -> None:
    nodes.delete(1)
    nodes.join(8)

    report = nodes.look()

    assert told(report) == {f"Node/{nodes.name(1)}": ["BP8066"]}
    assert "it is no longer in the cluster" in who_left(report).statement


def test_an_apply_records_the_nodes_that_are_there(nodes: AppliedNodes) -> None:
    nodes.delete(1)
    nodes.join(8)

    apply(nodes.bundle, nodes.connection)

    assert nodes.look().findings == ()


def test_a_node_with_an_old_name_and_a_new_uid_is_reported(nodes: AppliedNodes) -> None:
    nodes.delete(1)
    nodes.join(1)

    report = nodes.look()

    assert told(report) == {f"Node/{nodes.name(1)}": ["BP8067"]}
    assert report.exit_code == 1


def test_in_a_pool_with_a_range_nodes_come_and_go(connection: Connection) -> None:
    nodes = AppliedNodes(connection, nodes_min=1, nodes_max=4)
    nodes.delete(1)
    nodes.join(5)

    assert nodes.look().findings == ()


def test_in_a_pool_with_a_range_a_node_that_somebody_took_out_is_reported(connection: Connection) -> None:
    nodes = AppliedNodes(connection, nodes_min=1, nodes_max=4)
    nodes.leave(1, "elsewhere", "mallory")

    report = nodes.look()

    assert told(report) == {f"Node/{nodes.name(1)}": ["BP8066"]}
    writer = who_left(report).writer
    assert writer
    assert writer.manager == "mallory"


def test_a_pool_that_the_blueprint_gave_up_leaves_nobody_accused(nodes: AppliedNodes) -> None:
    other = replace(nodes.declared, name="other", selector={"example.org/pool": "other"}, nodes_min=0, nodes_max=9)
    changed = replace(nodes.bundle, pools=(other,), digest="b" * 64)

    assert told(Applied(changed, "", nodes.connection).drift()) == {}


def test_a_mark_of_ours_that_the_pool_gave_up_is_reported_once(connection: Connection) -> None:
    """It is left over from an apply, but still affects an operator."""
    key = "nvidia.com/mig.config"
    nodes = AppliedNodes(connection, labels={LABEL: "all", POOL_LABEL: "train", key: "train-1"})
    plain = replace(nodes.declared, labels={LABEL: "all", POOL_LABEL: "train"})
    changed = replace(nodes.bundle, pools=(plain,), digest="b" * 64)

    report = Applied(changed, "", connection).drift()

    assert sorted((f.subject, f.path) for f in report.findings) == [
        (f"Node/{nodes.name(number)}", f'metadata.labels["{key}"]') for number in range(2)
    ]
    assert all(finding.restorable for finding in report.findings)


def test_without_a_record_nothing_is_known_of_who_was_there(nodes: AppliedNodes) -> None:
    """With `provisioner` no nodes are recorded: only their number and marks can be checked."""
    provisioned = replace(nodes.bundle, node_labels="provisioner")
    nodes.leave(0, None)
    nodes.join(9)

    assert Applied(provisioned, "", nodes.connection).drift().findings == ()
    assert nodes.get(9)["metadata"]["labels"][LABEL] == "all"
