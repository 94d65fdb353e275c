"""The possible values of TARGET, and runs with several targets."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from blueprint.cli.main import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TEXT = (EXAMPLES / "h100-training" / "blueprint.yaml").read_text("utf-8")
BROKEN = TEXT.replace("  release:", "  realease:")
DISCOURAGED = TEXT.replace("os: ubuntu-24.04", "os: rhel-9.1")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def standard_input(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.parametrize("target", [[], ["."], ["blueprint.yaml"]])
def test_the_blueprint_of_a_folder_is_found(target: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "blueprint.yaml").write_text(TEXT)
    assert main(["validate", *target]) == 0
    assert capsys.readouterr().out.startswith("validate blueprint.yaml\n")


def test_a_folder_with_a_bundle_is_one_for_verbs_that_take_bundles(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "blueprint.yaml").write_text(TEXT)
    assert main(["compile", "-o", "bundle", "-q"]) == 0
    assert main(["images", "bundle"]) == 0
    assert main(["validate", "bundle"]) == 2
    assert "bundle is a bundle" in capsys.readouterr().err


def test_a_blueprint_comes_through_standard_input_with_overlays_beside_it(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "more.yaml").write_text(
        "apiVersion: gpublueprint.dev/v1alpha2\nkind: Overlay\nspec: {nodePools: {train: {nodes: 9}}}\n"
    )
    standard_input(TEXT.replace("spec:\n", "extends: [more.yaml]\nspec:\n", 1), monkeypatch)
    assert main(["validate", "-"]) == 0
    assert capsys.readouterr().out.startswith("validate <stdin>\n")


def test_what_is_wrong_with_standard_input_is_shown_with_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    standard_input(BROKEN, monkeypatch)
    assert main(["validate", "-"]) == 1
    shown = capsys.readouterr().out
    assert "--> <stdin>:9:3" in shown
    assert "realease:" in shown


def test_a_blueprint_comes_through_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """As a shell creates it for `<(...)`."""
    reader, writer = os.pipe()
    thread = threading.Thread(target=_written, args=(writer,))
    thread.start()
    assert main(["validate", f"/dev/fd/{reader}"]) == 0
    thread.join()
    os.close(reader)
    assert "No findings" in capsys.readouterr().out


def _written(writer: int) -> None:
    with os.fdopen(writer, "w") as stream:
        stream.write(TEXT)


def test_several_blueprints_are_checked_in_one_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "blueprint.yaml").write_text(TEXT)
    (here / "broken.yaml").write_text(BROKEN)
    assert main(["validate", "blueprint.yaml", "broken.yaml", "--report", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [each["at"]["file"] for each in report["diagnostics"]] == ["broken.yaml"]
    assert report["verdict"] == "1 of 2 blueprints valid; not broken.yaml."
    assert main(["validate", "blueprint.yaml", "nowhere.yaml", "broken.yaml"]) == 2


def test_each_blueprint_has_the_waivers_beside_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        (here / name).mkdir()
        (here / name / "blueprint.yaml").write_text(TEXT)
    waiver = "- {code: BP6001, path: x, reason: none, owner: me, expires: 2099-01-01}"
    (here / "one" / "waivers.yaml").write_text(
        f"apiVersion: gpublueprint.dev/v1alpha1\nkind: Waivers\nwaivers:\n  {waiver}\n"
    )
    main(["validate", "one", "two", "--report", "json"])
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert {each["at"]["file"] for each in found} == {"one/waivers.yaml"}


def test_warnings_fail_where_they_are_to(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "blueprint.yaml").write_text(DISCOURAGED)
    assert main(["validate", "--fail-on", "error"]) == 0
    assert "warning" in capsys.readouterr().out, "the case has a warning"
    assert main(["validate", "--fail-on", "warning"]) == 1
    assert "(--fail-on)" in capsys.readouterr().out
    (here / "blueprint.yaml").write_text(TEXT)
    assert main(["validate", "--fail-on", "note"]) == 0


def test_quiet_says_nothing_where_nothing_is_wrong(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "blueprint.yaml").write_text(TEXT)
    assert main(["validate", "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["validate", "-q", "--report", "json"]) == 0
    assert capsys.readouterr().out
    (here / "blueprint.yaml").write_text(BROKEN)
    assert main(["validate", "-q"]) == 1
    assert "unknown-key" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "coloured"), [([], False), (["--color", "always"], True), (["--color=never"], False)]
)
def test_colour_follows_the_option(
    flags: list[str], coloured: bool, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "blueprint.yaml").write_text(BROKEN)
    main(["validate", *flags])
    assert ("\x1b[" in capsys.readouterr().out) is coloured


@pytest.mark.parametrize(
    "value",
    ["spec.cluster.kubernetes=1.35", 'spec.cluster.kubernetes="1.35"', "spec.release=2026.11",
     "spec.nodePools.train.driver.branch=580", "spec.nodePools.train.nodes=5"],
)  # fmt: skip
def test_a_value_on_the_command_line_has_the_type_of_its_field(value: str, here: Path) -> None:
    (here / "blueprint.yaml").write_text(TEXT)
    assert main(["validate", "--set", value, "-q"]) == 0


@pytest.mark.parametrize("value", ["spec.nodePools.train.nodes=four", "spec.nodePools.train.expect.ecc=1"])
def test_a_value_of_another_type_is_refused(value: str, here: Path) -> None:
    (here / "blueprint.yaml").write_text(TEXT)
    assert main(["validate", "--set", value, "-q"]) == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_completion_is_one_that_the_shell_reads(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "snapshot" in script
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=script, text=True, check=True, timeout=60)


def test_bash_completes_verbs_flags_and_files(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "blueprint.yaml").write_text(TEXT)
    main(["completion", "bash"])
    script = capsys.readouterr().out
    function = script.rsplit("complete ", 1)[1].split("-F ")[1].split()[0]

    def completed(*words: str) -> list[str]:
        line = " ".join(f"'{word}'" for word in words)
        ask = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; {function}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        done = subprocess.run(
            ["bash", "-c", f"{script}\n{ask}"], text=True, capture_output=True, check=False, timeout=60
        )
        return done.stdout.split()

    assert completed("blueprint", "val") == ["validate"]
    assert completed("blueprint", "validate", "--fail") == ["--fail-on"]
    assert completed("blueprint", "validate", "--fail-on", "w") == ["warning"]
    assert completed("blueprint", "validate", "blue") == ["blueprint.yaml"]
    assert completed("blueprint", "drift", "--snapshot", "blue") == ["blueprint.yaml"]


OVERLAY = "apiVersion: gpublueprint.dev/v1alpha2\nkind: Overlay\nspec: {nodePools: {train: {nodes: 9}}}\n"


def test_both_sides_of_a_diff_take_overlays_and_values(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the same number of nodes on both sides, that difference is absent; the others stay."""
    (here / "a.yaml").write_text(TEXT)
    (here / "b.yaml").write_text(TEXT.replace("nodes: 4", "nodes: 5"))
    (here / "nine.yaml").write_text(OVERLAY)
    assert main(["diff", "a.yaml", "b.yaml", "-q"]) == 1
    capsys.readouterr()
    assert main(["diff", "a.yaml", "b.yaml", "--overlay", "nine.yaml"]) == 0
    assert main(["diff", "a.yaml", "b.yaml", "--set", "spec.nodePools.train.nodes=7"]) == 0
    assert "The same platform" in capsys.readouterr().out


def test_one_side_of_a_diff_may_come_through_standard_input(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.yaml").write_text(TEXT)
    standard_input(TEXT.replace("nodes: 4", "nodes: 5"), monkeypatch)
    assert main(["diff", "a.yaml", "-"]) == 1
    assert main(["diff", "-", "-"]) == 2
    assert "not both" in capsys.readouterr().out


def test_a_bundle_takes_no_overlay_in_a_diff(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.yaml").write_text(TEXT)
    assert main(["compile", "a.yaml", "-o", "bundle", "-q"]) == 0
    assert main(["diff", "bundle", "a.yaml", "--set", "spec.nodePools.train.nodes=7"]) == 2
    assert "need a blueprint" in capsys.readouterr().out


def test_reports_in_files_alone_leave_the_verdict_on_the_screen(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "blueprint.yaml").write_text(BROKEN)
    assert main(["validate", "--report", "html=a.html", "--report", "json=a.json"]) == 1
    assert capsys.readouterr() == ("", "blueprint validate: 1 error. Not valid (a.html, a.json)\n")
    assert main(["validate", "--report", "html=a.html", "-q"]) == 1
    assert capsys.readouterr() == ("", "")
