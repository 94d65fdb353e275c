"""Of the lines that determined a field, the one whose text is the value is named first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.output import write_bundle
from blueprint.bundle.reader import read_bundle
from blueprint.bundle.trace import trace_back
from blueprint.cli.main import main
from blueprint.pipeline import compile_blueprint
from blueprint.render.source_order import text_at, text_of
from blueprint.source.files import DiskFiles

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/blueprint.yaml"))
H100 = "examples/h100-training/blueprint.yaml"
RELEASE = "catalog/releases/2026.11.yaml"


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of an example."""
    files = compile_blueprint(H100, files=DiskFiles(Path(__file__).parents[2])).files
    assert files
    folder = tmp_path_factory.mktemp("h100") / "bundle"
    write_bundle(files, folder)
    return folder


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.parent.name)
def test_the_only_line_that_is_the_value_comes_first(example: Path) -> None:
    """For every scalar of every object; a default has the line above the missing one, whose text is not the value."""
    done = compile_blueprint(str(example.relative_to(Path.cwd())))
    assert done.bundle
    lines: dict[str, list[str]] = {}
    looked_at = 0
    for subject in done.bundle.objects:
        for field in trace_back(subject, ()):
            origin = subject.origins.get(field.path)
            if origin is None or isinstance(field.value, dict | list):
                continue
            value = field.value if isinstance(field.value, str) else json.dumps(field.value)
            said = []
            for source in origin.sources:
                file = source.span.file
                if file not in lines:
                    lines[file] = text_of(file, done.layered.texts).splitlines()
                said.append(text_at(source.span, lines[file]) if source.layer != "default" else None)
            if said.count(value) == 1:
                looked_at += 1
                assert said[0] == value, (str(subject.id), field.name, origin.sources[0])
                assert field.first == origin.sources[0]
    assert looked_at > 20


@pytest.mark.parametrize(
    ("subject", "field", "file", "path"),
    [
        ("ClusterPolicy/cluster-policy", "spec.driver.version", RELEASE, "driver.branches.580.version"),
        ("ClusterPolicy/cluster-policy", 'metadata.labels["app.kubernetes.io/version"]',
         "components/gpu-operator/component.yaml", "version"),
        ("ClusterPolicy/cluster-policy", 'metadata.labels["app.kubernetes.io/instance"]', H100, "metadata.name"),
        ("ClusterPolicy/cluster-policy", "spec.daemonsets.priorityClassName",
         "components/gpu-operator/component.yaml", "settings.operandPriorityClass.default"),
        ("ClusterPolicy/cluster-policy", "spec.driver.kernelModuleType", H100,
         "spec.nodePools.train.driver.kernelModules"),
        ("ClusterPolicy/cluster-policy", "spec.driver.upgradePolicy.maxParallelUpgrades", H100,
         "spec.components.gpu-operator.settings.maxParallelUpgrades"),
        ("ClusterPolicy/cluster-policy", "spec.toolkit.version", "components/gpu-operator/component.yaml",
         "images.toolkit.tag"),
    ],
)  # fmt: skip
def test_rows_checked_by_hand(subject: str, field: str, file: str, path: str, bundle: Path, tmp_path: Path) -> None:
    """The same from a blueprint and from its bundle."""
    for target in (H100, str(bundle)):
        report = tmp_path / "report.json"
        assert main(["trace", target, subject, field, "--report", f"json={report}"]) == 0
        [told] = json.loads(report.read_text())["diagnostics"]
        assert told["at"]["file"] in (file, file.removeprefix("examples/h100-training/"))
        assert told["label"].startswith(f"{path} set here"), told["label"]


def test_no_name_is_cited_for_a_label_of_another_value(tmp_path: Path) -> None:
    """Reads are recorded by key of a merged map: the version does not depend on the name."""
    done = compile_blueprint(H100)
    assert done.bundle
    [policy] = [each for each in done.bundle.objects if each.id.kind == "ClusterPolicy"]
    paths = {
        field.path[-1]: {source.path for source in policy.origins[field.path].sources}
        for field in trace_back(policy, ("metadata", "labels"))
    }
    assert paths["app.kubernetes.io/version"] == {"version", "spec.release"}
    assert paths["app.kubernetes.io/instance"] == {"metadata.name"}
    assert paths["app.kubernetes.io/managed-by"] == set()


def traced(tmp_path: Path, *arguments: str) -> list[dict[str, Any]]:
    report = tmp_path / "report.json"
    assert main(["trace", H100, *arguments, "--report", f"json={report}"]) == 0
    found: list[dict[str, Any]] = json.loads(report.read_text())["diagnostics"]
    return found


def test_defaults_are_folded_and_all_names_them(tmp_path: Path) -> None:
    [short] = traced(tmp_path, "ClusterPolicy/cluster-policy", "spec.driver.version")
    [long] = traced(tmp_path, "ClusterPolicy/cluster-policy", "spec.driver.version", "--all")
    folded = [note["message"] for note in short["notes"] if "at" not in note]
    number = sum("(default)" in note["message"] for note in long["notes"])
    assert number > 5
    assert folded == [f"and {number} defaults; --all lists them"]
    assert not any("(default)" in note["message"] for note in short["notes"])


def test_a_line_is_shown_once_and_what_it_decides_is_a_list(tmp_path: Path) -> None:
    found = traced(tmp_path, "spec.nodePools.train.driver.branch")
    assert len(found) == 1
    assert "1 field of ClusterPolicy/cluster-policy and 4 facts" in found[0]["message"]
    assert len(found[0]["evidence"]) == 5
    places = [json.dumps(each["at"]) for each in traced(tmp_path, "spec.nodePools.train")]
    assert len(places) == len(set(places))


def test_a_bundle_read_back_has_the_same_order(bundle: Path) -> None:
    done = compile_blueprint(H100)
    assert done.bundle
    read = {each.id: each for each in read_bundle(bundle).objects}
    for subject in done.bundle.objects:
        for path, origin in subject.origins.items():
            if origin.sources and (stored := read[subject.id].origins.get(path)):
                assert stored.sources[0].path == origin.sources[0].path
