"""The whole thread: a line of the blueprint, the rendered field, the live field, and the NVML reading of a GPU.

One line is changed and followed through every stage; then each stage is broken in turn, and the report must name that
stage and no other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main
from tests.support.nvml_stub.build import NoCompilerError, build
from tests.support.nvml_stub.describe import h100x8, lie
from tests.support.nvml_stub.root import build as build_root

BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: thread}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36.3"}
  nodeLabels: apply
  nodePools:
    train:
      nodes: 1
      selector: {acme.example/pool: train}
      gpu:
        product: H100-SXM5-80GB
        count: 8
      driver:
        branch: "580"
      expect:
        ecc: true
"""


@dataclass(frozen=True)
class Line:
    """A line of the blueprint: its value, another valid value, and where it shows."""

    before: str
    after: str
    number: int
    check: str
    object: str | None = None
    field: str = ""
    live: Callable[[dict[str, Any]], Any] | None = None


LINES = {
    "GPU product": Line(
        "product: H100-SXM5-80GB", "product: H200-SXM-141GB", 13, "gpu-product", "/api/v1/nodes/train-0000",
        'metadata.labels["gpublueprint.dev/gpu-product"]',
        lambda node: node["metadata"]["labels"]["gpublueprint.dev/gpu-product"],
    ),
    "driver branch": Line(
        'branch: "580"', 'branch: "595"', 16, "driver-version", "/apis/nvidia.com/v1/clusterpolicies/cluster-policy",
        "spec.driver.version", lambda policy: policy["spec"]["driver"]["version"],
    ),
    "ECC expectation": Line("ecc: true", "ecc: false", 18, "ecc-mode"),
}  # fmt: skip


class Stations:
    """A working folder with the blueprint, a lab of its own, and a stub for the node's GPUs."""

    def __init__(self, folder: Path, lab: Any, library: Path) -> None:
        self.folder = folder
        self.lab = lab
        self.library = library
        self.write(BLUEPRINT)

    def write(self, text: str) -> None:
        (self.folder / "blueprint.yaml").write_text(text)

    def run(self, *arguments: str, exits: int = 0) -> dict[str, Any]:
        """Run one command; returns its JSON report."""
        report = self.folder / "report.json"
        code = main([*arguments, "--report", f"json={report}"])
        told = json.loads(report.read_text())
        assert code == exits, json.dumps(told["diagnostics"], indent=1)
        assert told["exitCode"] == code
        return dict(told)

    def compile(self) -> None:
        self.run("compile", "blueprint.yaml", "-o", "bundle")

    def cluster(self, verb: str, *more: str, exits: int = 0) -> dict[str, Any]:
        return self.run(verb, "bundle", "--kubeconfig", str(self.lab.kubeconfig), *more, exits=exits)

    def probe(self, description: dict[str, Any], *, exits: int) -> dict[str, Any]:
        """Record a reading of the stub's node, then check the recording."""
        (self.folder / "nvml.json").write_text(json.dumps(description))
        readings = self.folder / "readings"
        readings.mkdir(exist_ok=True)
        root = self.folder / "machine"
        if not root.exists():
            build_root(root)
        recording = ["--node", "train-0000", "--library", str(self.library), "--root", str(root)]
        self.run("probe", *recording, "-o", "readings/train-0000.json")
        judging = ["--reading", "readings/train-0000.json", "--expect", "bundle", "--pool", "train"]
        return self.run("probe", *judging, exits=exits)


@pytest.fixture
def stations(lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stations]:
    try:
        library = build(tmp_path / "stub")
    except NoCompilerError as missing:
        pytest.fail(str(missing))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLUEPRINT_NVML_STUB", str(tmp_path / "nvml.json"))
    with lab.fresh() as own:
        node = {"metadata": {"name": "train-0000", "labels": {"acme.example/pool": "train"}}}
        own.request("POST", "/api/v1/nodes", node)
        yield Stations(tmp_path, own, library)


def evidence(diagnostic: dict[str, Any]) -> dict[str, str]:
    return {pair["name"]: pair["text"] for pair in diagnostic["evidence"]}


def places(told: dict[str, Any]) -> set[str]:
    """Every `file:line` at which a report's diagnostics point first."""
    return {f"{d['at']['file']}:{d['at']['line']}" for d in told["diagnostics"] if d.get("at")}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_one_line_is_followed_to_every_station(stations: Stations, line: Line) -> None:
    """Blueprint, bundle, cluster and node agree before the change; after it each station shows it, with the line."""
    stations.compile()
    stations.cluster("apply")
    before = line.live(stations.lab.request("GET", line.object)) if line.live else None
    stations.probe(h100x8(), exits=0)
    assert stations.cluster("drift", "--readings", "readings")["diagnostics"] == []

    stations.write(BLUEPRINT.replace(line.before, line.after))
    assert stations.run("compile", "blueprint.yaml", "-o", "bundle", "--check", exits=1)["diagnostics"]
    stations.compile()

    if line.live:
        drifted = stations.cluster("drift", exits=1)
        assert f"blueprint.yaml:{line.number}" in places(drifted)
        planned = stations.cluster("plan")
        [changed] = [f for c in planned["changes"] for f in c.get("fields", []) if f["path"] == line.field]
        written = [each["at"] for each in changed["origin"]["sources"] if each["layer"] == "blueprint"]
        assert written[0]["line"] == line.number
        stations.cluster("apply")
        assert line.live(stations.lab.request("GET", line.object)) != before
        assert stations.cluster("drift")["diagnostics"] == []
    judged = stations.probe(h100x8(), exits=1)
    assert f"blueprint.yaml:{line.number}" in places(judged)
    assert {evidence(d)["check"] for d in judged["diagnostics"]} >= {line.check}


def test_each_broken_station_is_named(stations: Stations) -> None:
    """A live edit, a wrong GPU, an edited manifest and an edited lock are four different findings."""
    stations.compile()
    stations.cluster("apply")

    patch = {"spec": {"driver": {"version": "570.1.2"}}}
    policy = "/apis/nvidia.com/v1/clusterpolicies/cluster-policy"
    stations.lab.request("PATCH", policy, patch, content_type="application/merge-patch+json")
    [live] = stations.cluster("drift", exits=1)["diagnostics"]
    assert (live["code"], evidence(live)["station"]) == ("BP8002", "live object")
    assert (live["subject"], live["path"], live["at"]["line"]) == (
        "ClusterPolicy/cluster-policy",
        "spec.driver.version",
        16,
    )
    stations.cluster("apply", "--force-conflicts")
    assert stations.cluster("drift")["diagnostics"] == []

    liar = lie(h100x8(), 3, ecc=[0, 0])
    stations.probe(liar, exits=1)
    [lying] = stations.cluster("drift", "--readings", "readings", exits=1)["diagnostics"]
    assert lying["subject"] == "Node/train-0000"
    assert lying["at"]["line"] == LINES["ECC expectation"].number
    assert liar["devices"][3]["uuid"] in json.dumps(lying["evidence"])

    manifest = stations.folder / "bundle/manifests/gpu-operator/clusterpolicy.cluster-policy.yaml"
    genuine = manifest.read_text()
    manifest.write_text(genuine.replace("580.", "570."))
    [edited] = stations.cluster("drift", exits=1)["diagnostics"]
    assert (edited["code"], edited["at"]["file"]) == (
        "BP4011",
        "bundle/manifests/gpu-operator/clusterpolicy.cluster-policy.yaml",
    )
    manifest.write_text(genuine)

    lock = stations.folder / "bundle/blueprint.lock"
    lock.write_text(lock.read_text().replace('"kubernetes": "1.36.3"', '"kubernetes": "1.36.4"'))
    [tampered] = stations.cluster("drift", exits=1)["diagnostics"]
    assert (tampered["code"], tampered["at"]["file"]) == ("BP4012", "bundle/blueprint.lock")
