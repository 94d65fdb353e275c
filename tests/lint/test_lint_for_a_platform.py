"""`lint --blueprint`: manifests take the place of rendered objects, and the facts of the pools apply to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TRAINING = EXAMPLES / "h100-training" / "blueprint.yaml"
MIG = EXAMPLES / "mig-inference" / "blueprint.yaml"
BLACKWELL = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: blackwell}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-24.04}
  nodePools:
    train:
      nodes: 2
      selector: {acme.example/pool: train}
      gpu: {product: B200, count: 8}
"""
Found = list[tuple[str, str, int]]
Lint = Callable[..., Found]


@pytest.fixture
def lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lint:
    """Lint `manifests` for the platform of a blueprint: the code, file and line of each finding."""
    monkeypatch.chdir(tmp_path)

    def run(blueprint: Path | str) -> Found:
        capsys.readouterr()
        main(["lint", "manifests", "--blueprint", str(blueprint), "--report", "json"])
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["diagnostics"]
        return [(each["code"], each["at"]["file"], each["at"]["line"]) for each in found]

    return run


def rendered(blueprint: Path, kind: str) -> Path:
    """Compile the blueprint and copy the file with its only object of this kind into `manifests`."""
    assert main(["compile", str(blueprint), "-o", "bundle"]) == 0
    [file] = [each for each in Path("bundle/manifests").rglob("*.yaml") if f"\nkind: {kind}\n" in each.read_text()]
    Path("manifests").mkdir()
    return file.rename(Path("manifests") / "mine.yaml")


def changed(file: Path, old: str, new: str) -> int:
    """Change a value in a file; returns the number of its line."""
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def test_operands_that_pools_need(lint: Lint) -> None:
    """The platform's own ClusterPolicy of that name is not the one in effect."""
    file = rendered(TRAINING, "ClusterPolicy")
    line = changed(file, "  devicePlugin:\n    enabled: true\n", "  devicePlugin:\n    enabled: false\n")
    assert lint(TRAINING) == [("BP6480", "manifests/mine.yaml", line + 1)]


def test_drivers_that_the_gpus_of_pools_do_not_run_with(lint: Lint) -> None:
    Path("blueprint.yaml").write_text(BLACKWELL)
    file = rendered(Path("blueprint.yaml"), "ClusterPolicy")
    line = changed(file, "kernelModuleType: auto", "kernelModuleType: proprietary")
    assert lint("blueprint.yaml") == [("BP3104", "manifests/mine.yaml", line)]


def test_files_of_operands_that_contradict_pools(lint: Lint) -> None:
    rendered(MIG, "ClusterPolicy")
    [file] = [each for each in Path("bundle/manifests").rglob("*.yaml") if "mig-configs:" in each.read_text()]
    changed(file.rename("manifests/mig.yaml"), '"3g.40gb": 2', '"3g.40gb": 1')
    assert [each[:2] for each in lint(MIG)] == [("BP6485", "manifests/mig.yaml")]


def test_a_second_policy_is_not_in_effect(lint: Lint) -> None:
    file = rendered(TRAINING, "ClusterPolicy")
    changed(file, "\n  name: cluster-policy\n", "\n  name: mine\n")
    assert [code for code, *_ in lint(TRAINING)] == ["BP6001"]


def test_a_driver_that_is_malformed_overrides_nothing(lint: Lint) -> None:
    Path("manifests").mkdir()
    Path("manifests/driver.yaml").write_text(
        "apiVersion: nvidia.com/v1alpha1\nkind: NVIDIADriver\nmetadata: {name: mine}\n"
        "spec: {driverType: gpu, image: driver, nodeSelector: {a: [b]}}\n"
    )
    assert [code for code, *_ in lint(TRAINING)] == ["BP5005"]


@pytest.mark.parametrize("example", ["air-gapped-lab", "dra-beside-device-plugin", "gb200-operator", "gke-dra"])
def test_a_bundle_has_no_findings_for_its_own_blueprint(lint: Lint, example: str) -> None:
    """Its objects do not occur twice, and nothing in them was changed by hand."""
    blueprint = EXAMPLES / example / "blueprint.yaml"
    assert main(["compile", str(blueprint), "-o", "bundle"]) == 0
    Path("bundle/manifests").rename("manifests")
    assert lint(blueprint) == []
