"""Readings joined with the cluster: each is judged by its node's pool, and a node nobody read is unknown."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blueprint.diagnostics import Refused
from blueprint.drift.detect import as_run, detect_drift
from blueprint.drift.model import DriftReport
from blueprint.drift.snapshot import SnapshotView
from blueprint.pipeline import compile_blueprint
from blueprint.render.model import Bundle
from blueprint.report.record import coverage_in_words

ROOT = Path(__file__).resolve().parents[2]
HEALTHY = ROOT / "tests/probe/readings/h100x8-healthy.json"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha1
kind: Blueprint
metadata: {name: readings, version: 1.0.0}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36.3"}
  nodePools:
    train:
      nodes: 2
      selector: {example.org/pool: train}
      gpu: {product: H100-SXM5-80GB, count: 8}
      driver: {owner: operator, branch: "580", kernelModules: open}
      expect: {ecc: true, persistenceMode: true}
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    file = tmp_path_factory.mktemp("readings") / "blueprint.yaml"
    file.write_text(BLUEPRINT)
    compiled = compile_blueprint(str(file)).bundle
    assert compiled
    return compiled


def view(*names: str) -> SnapshotView:
    nodes = [{"metadata": {"name": n, "labels": {"example.org/pool": "train"}}, "spec": {}} for n in names]
    return SnapshotView("file", "2026-11-21T11:00:00Z", "salt", node_list=tuple(nodes))


def write(
    folder: Path, node: str, change: Callable[[list[dict[str, Any]]], None] = lambda _: None, **rest: Any
) -> None:
    reading = json.loads(HEALTHY.read_text()) | {"node": node} | rest
    change(reading["calls"])
    (folder / f"{node}-{rest.get('time', 'x')[-4:-1]}.json").write_text(json.dumps(reading))


def ecc_off(gpu: int) -> Callable[[list[dict[str, Any]]], None]:
    def change(calls: list[dict[str, Any]]) -> None:
        for call in calls:
            if call["call"] == "nvmlDeviceGetEccMode" and call["device"] == gpu:
                call["value"] = [0, 0]

    return change


def judged(bundle: Bundle, folder: Path, seen: SnapshotView | None) -> DriftReport:
    return detect_drift(bundle, seen, scopes=("nodes",), readings=folder, now=NOW)


def test_healthy_readings_of_all_nodes_are_clean(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1")

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert report.exit_code == 0, [d.message for d in report.diagnostics]
    assert (report.coverage[0].scope, report.coverage[0].examined) == ("nodes", 2)
    assert report.not_asked == ("objects", "derived")


def test_a_lie_names_the_node_the_gpu_and_the_line(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1", ecc_off(3))

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert report.exit_code == 1
    [told] = [d for d in report.diagnostics if dict(d.evidence).get("check") == "ecc-mode"]
    evidence = dict(told.evidence)
    assert (told.subject, evidence["station"], evidence["pool"]) == ("Node/gpu-1", "node reading", "train")
    assert evidence["gpu"] == "GPU-00000000-5717-4000-8000-000000000003"
    assert told.at is not None
    line = BLUEPRINT.splitlines()[told.at.line - 1]
    assert "ecc: true" in line
    assert line[told.at.column - 1 :].startswith("true")


def test_a_node_without_a_reading_is_unknown(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert (report.exit_code, report.unknown) == (3, 1)
    assert "Node/gpu-1" in {d.subject for d in report.diagnostics if d.code.id == "BP8030"}


def test_nodes_without_a_reading_are_told_once_per_pool_and_counted(bundle: Bundle, tmp_path: Path) -> None:
    """A stray reading is one reading too many, and no node of a pool."""
    write(tmp_path, "stranger")
    names = [f"gpu-{number}" for number in range(9)]

    report = judged(bundle, tmp_path, view(*names))

    [told] = [d for d in report.diagnostics if d.code.id == "BP8030"]
    assert told.message == ("9 of 9 nodes of pool train have no reading: gpu-0, gpu-1, gpu-2, gpu-3, gpu-4 and 4 more")
    assert told.subject == "NodePool/train"
    assert [(c.scope, c.examined, c.unknown) for c in report.coverage] == [("nodes", 0, 9), ("readings", 0, 1)]
    said = coverage_in_words(as_run(report, ""))
    assert said[0] == "Examined: 0 nodes, 0 readings."
    assert [line.partition(" (")[0] for line in said[1:3]] == ["Unknown: 9 nodes", "Unknown: 1 reading"]


def test_nodes_that_are_not_in_the_cluster_are_told_with_their_pool(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "stranger")

    report = judged(bundle, tmp_path, view("gpu-0"))

    [told] = [d for d in report.diagnostics if d.code.id == "BP8030"]
    assert told.message == "2 of 2 nodes of pool train have no reading: gpu-0 and 1 that is not in the cluster"


def test_a_lost_gpu_is_no_business_of_apply(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1", ecc_off(3))

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert as_run(report, "").verdict == (
        "Drift: 1 contradiction in the readings of 1 node. "
        "No apply restores any of it; what readings show is settled at the node."
    )


def test_every_headline_about_a_node_names_it(bundle: Bundle, tmp_path: Path) -> None:
    """The same PCI address exists on every node of a pool."""
    write(tmp_path, "gpu-0", ecc_off(0))
    write(tmp_path, "gpu-1", ecc_off(0))

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    told = [d for d in report.diagnostics if (d.subject or "").startswith("Node/")]
    assert {d.subject for d in told} == {"Node/gpu-0", "Node/gpu-1"}
    assert all((d.subject or "").removeprefix("Node/") in d.message for d in told)


def test_a_declared_node_that_is_not_there_is_unknown(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")

    report = judged(bundle, tmp_path, view("gpu-0"))

    assert (report.exit_code, report.unknown) == (3, 1)


def test_a_reading_of_a_node_in_no_pool_is_not_judged(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1")
    write(tmp_path, "stranger", ecc_off(0))

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert report.exit_code == 3
    assert [d.code.id for d in report.diagnostics if d.subject == "Node/stranger"] == ["BP8031"]


def test_of_two_readings_of_a_node_the_younger_counts(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0", ecc_off(0), time="2026-11-21T10:00:01Z")
    write(tmp_path, "gpu-0", time="2026-11-21T10:00:22Z")
    write(tmp_path, "gpu-1")

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert "BP8032" in {d.code.id for d in report.diagnostics}
    assert report.exit_code == 0


def test_an_old_reading_is_pointed_out(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0", time="2026-11-01T10:00:00Z")
    write(tmp_path, "gpu-1")

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert (report.exit_code, [d.code.id for d in report.diagnostics if d.code.id == "BP8033"]) == (0, ["BP8033"])


def test_a_file_that_is_no_reading_is_unknown(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1")
    (tmp_path / "broken.json").write_text("{")

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert report.exit_code == 3


@pytest.mark.parametrize("folder", ["missing", "empty"])
def test_no_readings_at_all_is_refused(bundle: Bundle, tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(Refused) as refused:
        judged(bundle, tmp_path / folder, view("gpu-0"))

    assert refused.value.exit_code == 2
    assert refused.value.diagnostics[0].code.id == "BP8034"


def test_without_a_cluster_the_only_gpu_pool_is_meant(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0", ecc_off(0))
    write(tmp_path, "gpu-1")

    assert judged(bundle, tmp_path, None).exit_code == 1
