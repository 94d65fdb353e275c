"""Readings combined with the cluster: each is checked against its node's pool, and a node without a reading
is unknown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.model import Bundle
from blueprint.diagnostics import Refused
from blueprint.drift.detect import as_run, detect_drift
from blueprint.drift.model import DriftReport
from blueprint.drift.snapshot import SnapshotView
from blueprint.pipeline import compile_blueprint
from blueprint.report.record import coverage_in_words

ROOT = Path(__file__).resolve().parents[2]
HEALTHY = ROOT / "tests/probe/readings/h100x8-healthy.json"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
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
      owner: {driver: operator}
      driver: {branch: "580", kernelModules: open}
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
    boards_of(node, reading["calls"])
    change(reading["calls"])
    (folder / f"{node}-{rest.get('time', 'x')[-4:-1]}.json").write_text(json.dumps(reading))


def boards_of(node: str, calls: list[dict[str, Any]]) -> None:
    """Each node gets boards of its own."""
    number = f"{int.from_bytes(node.encode()) % 10**8:08d}"
    for call in calls:
        if call["call"] == "nvmlDeviceGetUUID":
            call["value"] = f"GPU-{number}{call['value'][12:]}"
        if call["call"] == "nvmlDeviceGetSerial":
            call["value"] = f"{number}{call['value'][8:]}"


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
    assert report.out_of_scope == ("objects", "derived")


def test_a_wrong_value_names_the_node_the_gpu_and_the_line(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1", ecc_off(3))

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert report.exit_code == 1
    [told] = [d for d in report.diagnostics if dict(d.evidence).get("check") == "ecc-mode"]
    evidence = dict(told.evidence)
    assert (told.subject, evidence["station"], evidence["pool"]) == ("Node/gpu-1", "node reading", "train")
    assert evidence["gpu"].endswith("-5717-4000-8000-000000000003")
    assert told.at is not None
    line = BLUEPRINT.splitlines()[told.at.line - 1]
    assert "ecc: true" in line
    assert line[told.at.column - 1 :].startswith("true")


def test_a_node_without_a_reading_is_unknown(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert (report.exit_code, report.unknown) == (3, 1)
    assert "Node/gpu-1" in {d.subject for d in report.diagnostics if d.code.id == "BP8030"}


def test_nodes_without_a_reading_are_reported_once_per_pool_and_counted(bundle: Bundle, tmp_path: Path) -> None:
    """A stray reading is an additional reading, not a node of a pool."""
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


def test_nodes_that_are_not_in_the_cluster_are_reported_with_their_pool(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "stranger")

    report = judged(bundle, tmp_path, view("gpu-0"))

    [told] = [d for d in report.diagnostics if d.code.id == "BP8030"]
    assert told.message == "2 of 2 nodes of pool train have no reading: gpu-0 and 1 that is not in the cluster"


def test_no_apply_is_suggested_for_a_lost_gpu(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1", ecc_off(3))

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert as_run(report, "").verdict == (
        "Drift: 1 contradiction in the readings of 1 node. "
        "An apply restores none of it; contradictions in readings must be repaired on the node."
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


def test_of_two_readings_of_a_node_the_newer_counts(bundle: Bundle, tmp_path: Path) -> None:
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


BAD_TIMES = ("2026-02-30T10:00:00Z", "2026-13-01T10:00:00Z", "2026-11-21T25:00:00Z", "0000-01-01T00:00:00Z", "now", "")


@pytest.mark.parametrize("broken", ["{", "[]", *(json.dumps({"time": each}) for each in BAD_TIMES)])
def test_a_file_that_is_not_a_reading_is_a_finding_and_the_rest_is_judged(
    bundle: Bundle, tmp_path: Path, broken: str
) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1", ecc_off(3))
    spoilt = json.loads(HEALTHY.read_text()) | json.loads(broken) if broken.startswith('{"') else None
    (tmp_path / "broken.json").write_text(json.dumps(spoilt) if spoilt else broken)

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert report.exit_code == 1
    assert ["broken.json" in d.message for d in report.diagnostics if d.code.id == "BP9951"] == [True]
    assert {d.subject for d in report.diagnostics if d.code.id == "BP9220"} == {"Node/gpu-1"}


@pytest.mark.parametrize("kind", ["fifo", "loop", "folder", "dangling", "zero"])
def test_what_is_not_a_file_is_named_and_never_waited_for(bundle: Bundle, tmp_path: Path, kind: str) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1")
    strange = tmp_path / "strange.json"
    if kind == "fifo":
        os.mkfifo(strange)
    elif kind == "folder":
        strange.mkdir()
    else:
        strange.symlink_to({"loop": "strange.json", "dangling": "nowhere", "zero": "/dev/zero"}[kind])

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert report.exit_code == 3
    assert ["strange.json" in d.message for d in report.diagnostics if d.code.id == "BP9950"] == [True]


def codes_of(report: DriftReport, node: str) -> set[str]:
    return {d.code.id for d in report.diagnostics if d.subject == f"Node/{node}"}


def same_as(node: str, call_name: str) -> Callable[[list[dict[str, Any]]], None]:
    """One GPU's identity is that of a GPU of another node."""
    other = json.loads(HEALTHY.read_text())["calls"]
    boards_of(node, other)

    def change(calls: list[dict[str, Any]]) -> None:
        for call, theirs in zip(calls, other, strict=True):
            if call["call"] == call_name and call["device"] == 5:
                call["value"] = theirs["value"]

    return change


@pytest.mark.parametrize("call", ["nvmlDeviceGetUUID", "nvmlDeviceGetSerial"])
def test_one_board_in_two_nodes_is_a_finding_on_both(bundle: Bundle, tmp_path: Path, call: str) -> None:
    write(tmp_path, "gpu-0")
    write(tmp_path, "gpu-1", same_as("gpu-0", call))

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert report.exit_code == 1
    assert codes_of(report, "gpu-0") == codes_of(report, "gpu-1") == {"BP8083"}


def test_a_copied_reading_is_a_finding_on_both(bundle: Bundle, tmp_path: Path) -> None:
    for node in ("gpu-0", "gpu-1"):
        (tmp_path / f"{node}.json").write_text(json.dumps(json.loads(HEALTHY.read_text()) | {"node": node}))

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert report.exit_code == 1
    [told] = [d.message for d in report.diagnostics if d.subject == "Node/gpu-1" and "8 GPUs" in d.message]
    assert "Node/gpu-0" in told


def test_one_boot_id_in_two_nodes_is_a_finding_on_both(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0", bootId="5f0c2a52-0000-4000-8000-000000000001")
    write(tmp_path, "gpu-1", bootId="5f0c2a52-0000-4000-8000-000000000001")

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert (report.exit_code, codes_of(report, "gpu-0")) == (1, {"BP8083"})


def test_a_reading_of_the_future_is_unknown_and_hides_nothing(bundle: Bundle, tmp_path: Path) -> None:
    write(tmp_path, "gpu-0", time="2026-11-21T12:04:00Z")
    write(tmp_path, "gpu-1", time="2026-11-21T12:06:00Z")
    assert judged(bundle, tmp_path, view("gpu-0", "gpu-1")).exit_code == 3

    write(tmp_path, "gpu-1", ecc_off(1), time="2026-11-21T10:00:44Z")
    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert (report.exit_code, codes_of(report, "gpu-1")) == (1, {"BP8080", "BP9220"})


@pytest.mark.parametrize(
    ("older", "younger"),
    [
        ("2026-11-21T10:00:14Z", "2026-11-21T10:00:14.9Z"),
        ("2026-11-21T10:00:14.10Z", "2026-11-21T10:00:14.9Z"),
        ("2026-11-21T10:00:14.0000001Z", "2026-11-21T10:00:14.1Z"),
        ("2026-11-21T10:00:14Z", "2026-11-21T10:00:14Z"),
    ],
)
def test_times_are_compared_as_times(bundle: Bundle, tmp_path: Path, older: str, younger: str) -> None:
    """The newer one is bad; of two with the same time, neither hides the other."""
    for name, time, change in (("a", younger, ecc_off(0)), ("b", older, lambda _: None)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, "gpu-0", change, time=time)
        next((tmp_path / name).iterdir()).rename(tmp_path / f"{name}.json")
    write(tmp_path, "gpu-1")

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))

    assert (report.exit_code, codes_of(report, "gpu-0")) == (1, {"BP8032", "BP9220"})


@pytest.mark.parametrize("change", [lambda _: None, ecc_off(0)])
def test_a_reading_too_old_proves_nothing(
    bundle: Bundle, tmp_path: Path, change: Callable[[list[dict[str, Any]]], None]
) -> None:
    write(tmp_path, "gpu-0", change, time="2001-11-01T10:00:00Z")
    write(tmp_path, "gpu-1")

    report = judged(bundle, tmp_path, view("gpu-0", "gpu-1"))
    assert (report.exit_code, codes_of(report, "gpu-0")) == (3, {"BP8081"})

    seen = view("gpu-0", "gpu-1")
    hour = detect_drift(bundle, seen, scopes=("nodes",), readings=tmp_path, now=NOW, oldest=timedelta(hours=1))
    assert {d.subject for d in hour.diagnostics if d.code.id == "BP8081"} == {"Node/gpu-0", "Node/gpu-1"}


@pytest.mark.parametrize(("boot", "exit_code"), [("AA-1", 0), ("bb-2", 3), ("", 0)])
def test_a_node_that_was_rebooted_since_is_unknown(bundle: Bundle, tmp_path: Path, boot: str, exit_code: int) -> None:
    write(tmp_path, "gpu-0", bootId="aa-1")
    write(tmp_path, "gpu-1", bootId="cc-3")
    seen = view("gpu-0", "gpu-1")
    for node in seen.node_list or ():
        if node["metadata"]["name"] == "gpu-0":
            node["status"] = {"nodeInfo": {"bootID": boot}}

    report = judged(bundle, tmp_path, seen)

    assert (report.exit_code, codes_of(report, "gpu-0")) == (exit_code, {"BP8082"} if exit_code else set())


def test_a_node_of_a_pool_without_gpus_is_read_as_well(tmp_path: Path) -> None:
    """Clean without GPUs; with eight it is in the wrong pool."""
    file = tmp_path / "blueprint.yaml"
    file.write_text(BLUEPRINT + "    system: {nodes: 1, selector: {example.org/pool: system}}\n")
    bundle = compile_blueprint(str(file)).bundle
    assert bundle
    nodes = [("gpu-0", "train"), ("gpu-1", "train"), ("cpu-0", "system")]
    rows = [{"metadata": {"name": n, "labels": {"example.org/pool": pool}}, "spec": {}} for n, pool in nodes]
    seen = SnapshotView("file", "2026-11-21T11:00:00Z", "salt", node_list=tuple(rows))
    (readings := tmp_path / "readings").mkdir()
    for name in ("gpu-0", "gpu-1", "cpu-0"):
        write(readings, name)

    report = judged(bundle, readings, seen)
    assert (report.exit_code, codes_of(report, "cpu-0")) == (1, {"BP9020"})

    bare = json.loads((readings / "cpu-0-.json").read_text())
    init = bare["calls"][0] | {"return": 12, "returnName": "NVML_ERROR_LIBRARY_NOT_FOUND"}
    files = [each for each in bare["host"]["answers"] if "driver/nvidia" not in each["path"]]
    bare |= {"calls": [init], "pci": bare["pci"] | {"functions": []}, "host": bare["host"] | {"answers": files}}
    (readings / "cpu-0-.json").write_text(json.dumps(bare))
    assert judged(bundle, readings, seen).exit_code == 0

    alone = judged(bundle, readings, None)  # without a cluster its pool is unknown: the GPU pool is not the only one
    assert (alone.exit_code, codes_of(alone, "cpu-0")) == (3, {"BP8031"})


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
