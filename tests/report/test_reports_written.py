"""A requested report is written, whatever the verb prints and however it ends."""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
from pathlib import Path

import pytest

from blueprint.cli.main import main, verbs

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "h100-training" / "blueprint.yaml"
READING = ROOT / "tests" / "probe" / "readings"
NOWHERE = ["--kubeconfig", "no-such-file"]
RUNS = {
    "admit": [["b.yaml", "pods.yaml"], ["bad.yaml", "pods.yaml"], ["b.yaml", "absent.yaml"]],
    "apply": [["b.yaml", *NOWHERE]],
    "compile": [["b.yaml", "-o", "-"], ["b.yaml", "-o", "out"], ["bad.yaml", "-o", "-"], ["b.yaml", "-o", "x", "--check"]],  # noqa: E501
    "conformance": [["b.yaml"], ["bad.yaml"], ["absent.yaml"]],
    "convert": [["b.yaml"], ["b.yaml", "-o", "new.yaml"], ["absent.yaml"]],
    "diff": [["b.yaml", "b.yaml"], ["b.yaml", "other.yaml"], ["b.yaml", "bad.yaml"]],
    "drift": [["b.yaml", *NOWHERE], ["b.yaml", "--snapshot", "absent.json"]],
    "fmt": [["b.yaml", "--check"], ["b.yaml", "--diff"], ["absent.yaml"]],
    "explain": [[], ["BP1001"], ["no-such-topic"]],
    "images": [["b.yaml"], ["bundle"], ["bad.yaml"]],
    "init": [["--list", "products"], ["--pool", "t=T4x1x1", "-o", "-"], ["--pool", "t=T4x1x1", "-o", "new.yaml"], ["--pool", "?"]],  # noqa: E501
    "lab": [["status", "--state", "labs"]],
    "lint": [["bundle/manifests"], ["absent.yaml"]],
    "plan": [["b.yaml", *NOWHERE], ["b.yaml", "-o", "-", *NOWHERE]],
    "probe": [["--reading", "reading.json"], ["--reading", "reading.json", "-o", "-"], ["--zipapp", "probe.pyz"]],
    "schema": [[]],
    "snapshot": [["b.yaml", "-o", "snap.json", *NOWHERE], ["b.yaml", "-o", "-", *NOWHERE]],
    "trace": [["b.yaml", "spec.release"], ["b.yaml", "Thing/none"]],
    "validate": [["b.yaml"], ["bad.yaml"], ["absent.yaml"], ["b.yaml", "bad.yaml"]],
}  # fmt: skip
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: job}
spec: {containers: [{name: main, image: registry.example/app:1, resources: {limits: {nvidia.com/gpu: 1}}}]}
"""
CASES = [pytest.param(verb, each, id=f"{verb} {' '.join(each)}") for verb, runs in RUNS.items() for each in runs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blueprint, a second one, a broken one, a bundle and a reading."""
    place = tmp_path_factory.mktemp("reports")
    text = EXAMPLE.read_text("utf-8")
    (place / "b.yaml").write_text(text)
    (place / "other.yaml").write_text(text.replace("nodes: 4", "nodes: 5"))
    (place / "pods.yaml").write_text(POD)
    (place / "bad.yaml").write_text(text.replace("release:", "realease:"))
    shutil.copy(next(READING.glob("*.json")), place / "reading.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(["compile", "b.yaml", "-o", "bundle"]) == 0
    return place


def takes_report(verb: str) -> bool:
    """Whether the verb, or one of its actions, has the flag."""
    parser = argparse.ArgumentParser()
    importlib.import_module(f"blueprint.cli.commands.{verb}").configure(parser)
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    inner = [each for action in actions for each in action.choices.values()]
    return any("--report" in each.format_help() for each in (parser, *inner))


def test_every_verb_that_takes_a_report_is_tried() -> None:
    assert {verb for verb in verbs() if takes_report(verb)} == {*RUNS}


@pytest.mark.parametrize(("verb", "arguments"), CASES)
def test_a_report_in_a_file_is_written_and_says_how_it_ended(
    verb: str, arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    code = main([verb, *arguments, "--report", "json=report.json", "--report", "markdown=report.md"])
    with_report = capsys.readouterr().out
    report = json.loads(Path("report.json").read_text("utf-8"))
    assert (report["exitCode"], report["verb"].split()[0]) == (code, verb)
    assert Path("report.md").read_text("utf-8").startswith(f"## blueprint {verb}")
    if {"-", "schema", "images", "--list"} & {verb, *arguments} and code == 0:
        main([verb, *arguments])
        assert with_report == capsys.readouterr().out != "", "the product on stdout is the same"


def test_images_are_data(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On stdout instead of the list; the same from a blueprint and from its bundle, except for line numbers."""
    monkeypatch.chdir(folder)
    told = []
    for target in ("b.yaml", "bundle"):
        assert main(["images", target]) == 0
        listed = capsys.readouterr().out.split()
        assert main(["images", target, "--report", "json"]) == 0
        images = json.loads(capsys.readouterr().out)["images"]
        assert [image["ref"] for image in images] == [each.partition("@")[0] for each in listed]
        assert {image["pulledBy"] for image in images} == {"manifest", "operator"}
        assert all(image["ref"] in (f"{image['name']}:{image.get('tag')}", image["name"]) for image in images)
        assert any(image["digest"] in line for image in images if "digest" in image for line in listed)
        assert any(image["source"]["path"] == "spec.release" for image in images)
        told.append([{key: value for key, value in image.items() if key != "source"} for image in images])
    assert told[0] == told[1]
