"""The machines and locations of nodes, compared with the bundle; without a cluster."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.changes.compare import ABSENT
from blueprint.drift.model import FindingKind
from blueprint.drift.node_topology import examine_domains, examine_place
from blueprint.lab.nodes import simulated_nodes
from blueprint.pipeline import compile_blueprint
from blueprint.records import replace

RACK = "acme.example/rack"
TEXT = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: t}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", topology: [acme.example/block, acme.example/rack, kubernetes.io/hostname]}
  nodePools:
    train:
      nodes: 5
      machine: {instanceType: BM.GPU.GB200.4}
      topology: {acme.example/rack: 2}
      selector: {acme.example/pool: train}
      nvlinkDomain: {nodes: 5}
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    file = tmp_path_factory.mktemp("places") / "b.yaml"
    file.write_text(TEXT, "utf-8")
    made = compile_blueprint(str(file)).bundle
    assert made
    return made


@pytest.fixture
def pool(bundle: Bundle) -> BundlePool:
    return bundle.pools[0]


@pytest.fixture
def nodes(bundle: Bundle) -> list[dict[str, Any]]:
    return list(copy.deepcopy(list(simulated_nodes(bundle))))


def test_simulated_nodes_are_made_as_the_machine_and_stand_in_domains_of_the_declared_size(
    nodes: list[dict[str, Any]], pool: BundlePool
) -> None:
    labels = [node["metadata"]["labels"] for node in nodes]
    assert [each[RACK] for each in labels] == ["train-0", "train-0", "train-1", "train-1", "train-2"]
    assert {each["acme.example/block"] for each in labels} == {"train-0"}
    assert {each["nvidia.com/gpu.clique"] for each in labels} == {"train-0"}
    assert {each["kubernetes.io/arch"] for each in labels} == {"arm64"}
    assert {each["node.kubernetes.io/instance-type"] for each in labels} == {"BM.GPU.GB200.4"}
    capacity = nodes[0]["status"]["capacity"]
    assert (capacity["cpu"], capacity["memory"], capacity["nvidia.com/gpu"]) == ("144", "960Gi", "4")


def test_nodes_as_declared_have_no_findings(nodes: list[dict[str, Any]], pool: BundlePool) -> None:
    assert [found for node in nodes for found in examine_place(node, pool)] == []
    assert list(examine_domains(pool, nodes)) == []


@pytest.mark.parametrize(
    ("change", "path", "live"),
    [
        (lambda n: n["metadata"]["labels"].update({"kubernetes.io/arch": "amd64"}),
         'metadata.labels["kubernetes.io/arch"]', "amd64"),
        (lambda n: n["metadata"]["labels"].update({"node.kubernetes.io/instance-type": "BM.GPU.H100.8"}),
         'metadata.labels["node.kubernetes.io/instance-type"]', "BM.GPU.H100.8"),
        (lambda n: n["status"]["capacity"].update(cpu="72"), "status.capacity.cpu", "72"),
        (lambda n: n["status"]["capacity"].update(memory="480Gi"), "status.capacity.memory", "480Gi"),
        (lambda n: n["status"]["capacity"].update(memory="1Ti"), "status.capacity.memory", "1Ti"),
        (lambda n: n["metadata"]["labels"].pop(RACK), 'metadata.labels["acme.example/rack"]', ABSENT),
    ],
)  # fmt: skip
def test_a_node_that_is_another_one_is_found(
    change: Callable[[Any], Any], path: str, live: Any, nodes: list[dict[str, Any]], pool: BundlePool
) -> None:
    change(nodes[0])
    [found] = examine_place(nodes[0], pool)
    assert (found.path, found.live) == (path, live)
    assert found.kind is (FindingKind.REMOVED if live is ABSENT else FindingKind.MODIFIED)
    assert found.origin
    assert Path(found.origin.template.file).name == "b.yaml"


def test_what_the_kernel_keeps_of_the_memory_is_not_a_finding(nodes: list[dict[str, Any]], pool: BundlePool) -> None:
    """Nodes report less memory than the machine has, in Ki."""
    nodes[0]["status"]["capacity"]["memory"] = f"{int(960 * 1024 * 1024 * 0.93)}Ki"
    assert list(examine_place(nodes[0], pool)) == []


def test_a_domain_with_too_many_nodes_is_found(nodes: list[dict[str, Any]], pool: BundlePool) -> None:
    for node in nodes[:3]:
        node["metadata"]["labels"][RACK] = "rack-7"
    [found] = examine_domains(pool, nodes)
    assert (found.declared, found.live, found.subject) == ("at most 2", 3, "NodePool/train")
    assert found.path.endswith("=rack-7")


def test_what_nobody_declared_is_not_looked_at(nodes: list[dict[str, Any]], pool: BundlePool) -> None:
    nodes[0]["status"] = {}
    nodes[0]["metadata"]["labels"] = {}
    assert list(examine_place(nodes[0], replace(pool, machine={}, topology={}))) == []
