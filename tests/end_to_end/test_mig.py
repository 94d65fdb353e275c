"""Partitioned GPUs from end to end: the example, its objects and node labels in a real API server, and a node's
reading.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.reader import read_bundle
from blueprint.cli.main import main
from blueprint.lab.nodes import simulated_nodes
from tests.support.nvml_stub.build import NoCompilerError, build
from tests.support.nvml_stub.describe import Description, cut, h100x8
from tests.support.nvml_stub.root import build as build_root

EXAMPLE = Path(__file__).parents[2] / "examples" / "mig-inference" / "blueprint.yaml"
NODE = "serving-0000"
LABEL = "nvidia.com/mig.config"


class Place:
    """A folder with the example, a lab with its nodes, and the stub of NVML."""

    def __init__(self, folder: Path, lab: Any, library: Path) -> None:
        self.folder, self.lab, self.library = folder, lab, library
        self.text = EXAMPLE.read_text("utf-8")

    def run(self, *arguments: str, exits: int = 0) -> dict[str, Any]:
        """Run the command line in this process; returns its report."""
        report = self.folder / "report.json"
        assert main([*arguments, "--report", f"json={report}"]) == exits, report.read_text()
        return dict(json.loads(report.read_text()))

    def apply(self) -> None:
        """Compile the text and apply it."""
        (self.folder / "blueprint.yaml").write_text(self.text, "utf-8")
        self.run("compile", "blueprint.yaml", "-o", "bundle")
        self.lab.create_nodes(simulated_nodes(read_bundle(self.folder / "bundle")))
        self.run("apply", "bundle", "--kubeconfig", str(self.lab.kubeconfig))

    def drift(self, description: Description, *, exits: int) -> list[dict[str, Any]]:
        """Take a reading of one node of the pool and compare everything."""
        (self.folder / "nvml.json").write_text(json.dumps(description))
        (self.folder / "readings").mkdir(exist_ok=True)
        root = self.folder / "machine"
        if not root.exists():
            build_root(root)
        recording = ["--node", NODE, "--library", str(self.library), "--root", str(root)]
        self.run("probe", *recording, "-o", f"readings/{NODE}.json")
        verb = ["drift", "bundle", "--kubeconfig", str(self.lab.kubeconfig), "--readings", "readings"]
        return list(self.run(*verb, exits=exits)["diagnostics"])

    def node(self, name: str = NODE) -> dict[str, Any]:
        """A node as it is in the cluster."""
        return dict(self.lab.request("GET", f"/api/v1/nodes/{name}"))


@pytest.fixture
def place(lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    try:
        library = build(tmp_path / "stub")
    except NoCompilerError as missing:
        pytest.fail(str(missing))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLUEPRINT_NVML_STUB", str(tmp_path / "nvml.json"))
    with lab.fresh() as own:
        yield Place(tmp_path, own, library)


def declared() -> Description:
    """A node as the example declares it, its GPUs in a different order."""
    described = h100x8()
    for index in (1, 2, 5, 7):
        described = cut(described, index, *["1g.10gb"] * 7)
    for index in (0, 4):
        described = cut(described, index, "3g.40gb", "3g.40gb")
    return described


def test_a_layout_is_followed_from_its_line_to_the_gpus(place: Place) -> None:
    """Only the nodes of the pool whose layout changes get another label; then one node's GPUs are
    partitioned wrongly.
    """
    place.apply()
    serving, notebooks = place.node(), place.node("notebooks-0000")
    assert serving["status"]["capacity"]["nvidia.com/mig-1g.10gb"] == "28"
    assert notebooks["status"]["capacity"]["nvidia.com/mig-2g.20gb.shared"] == "48"
    policy = place.lab.request("GET", "/apis/nvidia.com/v1/clusterpolicies/cluster-policy")["spec"]
    maps = "/api/v1/namespaces/gpu-operator/configmaps"
    parted = place.lab.request("GET", f"{maps}/{policy['migManager']['config']['name']}")
    assert serving["metadata"]["labels"][LABEL] in parted["data"]["config.yaml"]
    shared = place.lab.request("GET", f"{maps}/{policy['devicePlugin']['config']['name']}")
    assert notebooks["metadata"]["labels"]["nvidia.com/device-plugin.config"] in shared["data"]
    missing = [each["code"] for each in place.drift(declared(), exits=3)]
    assert "BP9710" not in missing, "as declared; the readings of other nodes are what is not there"

    place.text = place.text.replace("{devices: 4-5, profiles: {3g.40gb: 2}}", "{devices: 4-5, profiles: {7g.80gb: 1}}")
    place.apply()

    assert place.node()["metadata"]["labels"][LABEL] != serving["metadata"]["labels"][LABEL]
    assert place.node("notebooks-0000")["metadata"]["labels"] == notebooks["metadata"]["labels"]
    found = [each for each in place.drift(declared(), exits=1) if each["code"] == "BP9710"]
    line = 1 + place.text[: place.text.index("{devices: 0-3")].count("\n")
    [each] = found
    assert each["at"]["line"] - line in {0, 1}
    assert each["message"].startswith("each of 2 GPUs is partitioned into 2 x 3g.40gb")
    assert each["subject"] == f"Node/{NODE}"
