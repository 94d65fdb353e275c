"""`lab run` with unusable input: reported before anything is started, with a suggested fix."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blueprint.cli.main import main

EXAMPLE = Path(__file__).parents[2] / "examples" / "h100-training"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


@pytest.fixture(autouse=True)
def nothing_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without binaries, in a folder of its own: an attempt to start a lab would give another error."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    shutil.copytree(EXAMPLE, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["lab", "run", *arguments])
    told = capsys.readouterr()
    return code, told.out + told.err


FOLDERS = {
    "missing": (None, "BP0033", "--workloads jobs does not exist"),
    "empty": ({}, "BP0064", "no manifest was found in jobs"),
    "no workload": ({"a.yaml": CONFIG}, "BP0033", "jobs contains no workload"),
    "other files": ({"notes.txt": POD}, "BP0064", "no manifest was found in jobs"),
    "no YAML": ({"a.yaml": POD, "b.yaml": "a: [\n"}, "BP1002", "b.yaml"),
    "a template": ({"a.yaml": "{{ .Values.x }}: [\n"}, "BP", "was not checked, because it is a template"),
    "no name": ({"a.yaml": POD.replace("{name: a}", "{labels: {a: b}}")}, "BP0033", "a Pod without metadata.name"),
    "no metadata": ({"a.yaml": "apiVersion: v1\nkind: Pod\nspec: {}\n"}, "BP0033", "a Pod without metadata.name"),
    "a key twice": ({"a.yaml": POD + "kind: Pod\n"}, "BP1", "kind"),
    "no text": ({"a.yaml": "\udcff\udcfe"}, "BP1", "UTF-8"),
}


@pytest.mark.parametrize("row", FOLDERS.values(), ids=FOLDERS)
def test_workloads_that_cannot_be_tried(
    row: tuple[dict[str, str] | None, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    files, code, words = row
    if files is not None:
        Path("jobs").mkdir()
        for name, text in files.items():
            Path("jobs", name).write_bytes(text.encode("utf-8", "surrogateescape"))

    exit_code, told = said(capsys, "--workloads", "jobs")

    assert exit_code == 2
    assert code in told
    assert words in told
    assert "no etcd" not in told, "nothing was started"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nodes", "0"], "0 is not a number of nodes; write 1 or more"),
        (["--nodes", "many"], "many is not a number of nodes"),
        (["--nodes", "-3"], "--nodes"),
        (["--timeout", "soon"], "soon is not a duration"),
        (["--name", "gone"], "the lab gone is not up"),
        (["--name", "../up"], "is not a valid name for a lab"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["--workload", "jobs"], "--workloads"),
        (["--set", "spec.release=1999.01", "--workloads", "blueprint.yaml"], "no workload"),
        ([], "no etcd and no kube-apiserver and no kube-scheduler and no kube-controller-manager and no kwok"),
        (["--assets", "nowhere"], "nowhere is not a folder"),
    ],
)
def test_flags_that_lead_nowhere(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = said(capsys, *arguments)

    assert code == 2
    assert words in told


def test_without_binaries_the_command_that_builds_all_of_them_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "blueprint lab install --with-controllers" in said(capsys)[1]


def test_the_message_for_a_stopped_lab_shows_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "blueprint lab up --controllers --name gone" in said(capsys, "--name", "gone")[1]


def test_a_blueprint_with_errors_is_reported_as_when_it_is_compiled(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = said(capsys, "--set", "spec.release=1999.01")

    assert code == 1
    assert "1999.01" in told
