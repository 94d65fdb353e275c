"""Waivers on the command line: each verb, each format, and where the file is found."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from blueprint.cli import waiving
from blueprint.cli.main import main
from blueprint.data import data_folder
from blueprint.diagnostics import Span, find_code
from blueprint.pipeline import compile_blueprint
from blueprint.waivers.engine import Waivers
from blueprint.waivers.model import Waiver
from blueprint.waivers.refusals import refusal_of
from tests.bad_input.test_mistakes import GOOD, TABLE, texts_of, unmarked

TODAY = date(2026, 11, 29)
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: apps}
spec:
  containers:
    - name: web
      image: registry.acme.example/web:1.0
      resources:
        requests: {nvidia.com/gpu: 1}
---
apiVersion: v1
kind: Namespace
metadata: {name: apps}
"""
HEAD = "apiVersion: gpublueprint.dev/v1alpha1\nkind: Waivers\nwaivers:\n"


def entry(code: str, more: str = 'subject: "Pod/apps/*", ', expires: str = "2027-03-31") -> str:
    return f"  - {{code: {code}, {more}reason: agreed on, owner: platform team, expires: {expires}}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The good blueprint with a pod that breaks a rule."""
    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    (tmp_path / "extra" / "pod.yaml").write_text(POD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(waiving, "today", lambda: TODAY)
    return tmp_path


def report(*arguments: str, expected: int | None = None) -> dict[str, Any]:
    code = main([*arguments, "--report", "json=report.json"])
    found: dict[str, Any] = json.loads(Path("report.json").read_text())
    assert code == found["exitCode"]
    assert expected is None or code == expected, found
    schema = json.loads((data_folder("schemas") / "report.v1.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(found)
    return found


def codes(found: dict[str, Any]) -> list[str]:
    return [each["code"] for each in found["diagnostics"]]


def the_error(found: dict[str, Any]) -> dict[str, Any]:
    [error] = [each for each in found["diagnostics"] if each["severity"] == "error"]
    return dict(error)


def test_a_waived_error_lets_validate_pass_and_compile_write(folder: Path) -> None:
    error = the_error(report("validate", "blueprint.yaml", expected=1))
    (folder / "waivers.yaml").write_text(HEAD + entry(error["code"]))

    found = report("validate", "blueprint.yaml", expected=0)
    assert error["code"] not in codes(found)
    [waived] = found["waived"]
    assert {key: waived[key] for key in error} == error
    assert waived["waiver"]["owner"] == "platform team"
    assert (waived["waiver"]["expires"], waived["waiver"]["source"]) == ("2027-03-31", "file")
    assert waived["waiver"]["at"]["line"] == 4
    report("compile", "blueprint.yaml", "-o", "bundle", expected=0)
    assert (folder / "bundle" / "blueprint.lock").is_file()
    report("compile", "blueprint.yaml", "-o", "bundle", "--check", expected=0)


def test_a_comment_waives_what_is_on_its_line(folder: Path) -> None:
    error = the_error(report("validate", "blueprint.yaml"))
    line = error["at"]["line"]
    lines = POD.splitlines(keepends=True)
    comment = f"# blueprint: waive {error['code']} until 2027-03-31 -- agreed on (platform team)"
    (folder / "extra" / "pod.yaml").write_text("".join([*lines[: line - 1], f"  {comment}\n", *lines[line - 1 :]]))
    [waived] = report("validate", "blueprint.yaml", expected=0)["waived"]
    assert (waived["code"], waived["waiver"]["source"]) == (error["code"], "comment")
    assert waived["waiver"]["at"]["file"] == "extra/pod.yaml"
    (folder / "extra" / "pod.yaml").write_text("".join([*lines, f"# {comment[2:]}\n"]))
    assert "BP0056" not in codes(report("validate", "blueprint.yaml", expected=1)), "not every step was taken"


def test_an_expired_waiver_does_not_waive(folder: Path) -> None:
    error = the_error(report("validate", "blueprint.yaml"))
    (folder / "waivers.yaml").write_text(HEAD + entry(error["code"], expires="2026-11-28"))
    found = report("validate", "blueprint.yaml", expected=1)
    assert "BP0055" in codes(found)
    assert error["code"] in codes(found)
    assert "waived" not in found
    report("compile", "blueprint.yaml", "-o", "bundle", expected=1)
    assert not (folder / "bundle").exists()


def test_unused_waivers_are_notes_of_the_step_that_could_use_them(folder: Path) -> None:
    (folder / "extra" / "pod.yaml").unlink()
    (folder / "waivers.yaml").write_text(HEAD + entry("BP6101") + entry("BP8002"))
    found = report("validate", "blueprint.yaml", expected=0)
    assert [(each["code"], each["at"]["line"]) for each in found["diagnostics"] if each["code"] == "BP0056"] == [
        ("BP0056", 4)
    ]


def test_a_mistake_in_the_file_is_a_finding_beside_the_others(folder: Path) -> None:
    error = the_error(report("validate", "blueprint.yaml"))
    (folder / "waivers.yaml").write_text(HEAD + entry(error["code"]) + entry("BP0001"))
    found = report("validate", "blueprint.yaml", expected=1)
    assert [each["code"] for each in found["diagnostics"] if each["severity"] == "error"] == ["BP0054"]
    assert [each["code"] for each in found["waived"]] == [error["code"]]
    report("compile", "blueprint.yaml", "-o", "bundle", expected=1)
    assert not (folder / "bundle").exists()


def test_a_file_is_named_or_beside_blueprint_or_bundle(folder: Path) -> None:
    error = the_error(report("validate", "blueprint.yaml"))
    (folder / "elsewhere.yaml").write_text(HEAD + entry(error["code"]))
    report("validate", "blueprint.yaml", "--waivers", "elsewhere.yaml", expected=0)
    assert codes(report("validate", "blueprint.yaml", "--waivers", "missing.yaml", expected=2)) == ["BP1001"]
    report("compile", "blueprint.yaml", "-o", "deep/bundle", "--waivers", "elsewhere.yaml", expected=0)
    (folder / "deep" / "waivers.yaml").write_text(HEAD + entry("BP0001"))
    assert "BP0054" in codes(report("diff", "deep/bundle", "deep/bundle"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".blueprint.toml", 'waivers = "elsewhere.yaml"\n'),
        ("pyproject.toml", '[tool.blueprint]\nwaivers = "elsewhere.yaml"\n'),
    ],
)
def test_a_configuration_names_the_file(name: str, text: str, folder: Path) -> None:
    error = the_error(report("validate", "blueprint.yaml"))
    (folder / "elsewhere.yaml").write_text(HEAD + entry(error["code"]))
    (folder / name).write_text(text)
    report("validate", "blueprint.yaml", expected=0)
    (folder / name).write_text(text.replace('"elsewhere.yaml"', "7"))
    assert codes(report("validate", "blueprint.yaml", expected=2)) == ["BP0061"]


def test_diff_compiles_each_side_with_its_waivers_and_waives_effects(folder: Path) -> None:
    error = the_error(report("validate", "blueprint.yaml"))
    (folder / "waivers.yaml").write_text(HEAD + entry(error["code"]) + entry("BP4501", 'subject: "*:train", '))
    text = (folder / "blueprint.yaml").read_text()
    (folder / "changed.yaml").write_text(text.replace('branch: "580"', 'branch: "595"'))
    found = report("diff", "blueprint.yaml", "changed.yaml", expected=1)
    effect = next(each for each in found["diagnostics"] if each["severity"] == "warning" and each["code"] != "BP0056")
    more = f'subject: "{effect["subject"]}", ' if "subject" in effect else f'path: "{effect.get("path", "*")}", '
    (folder / "waivers.yaml").write_text(HEAD + entry(error["code"]) + entry(effect["code"], more))
    waived = report("diff", "blueprint.yaml", "changed.yaml", expected=1)
    assert effect["code"] in [each["code"] for each in waived["waived"]], "the platforms still differ"


def test_every_format_names_what_is_waived(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = the_error(report("validate", "blueprint.yaml"))
    (folder / "waivers.yaml").write_text(HEAD + entry(error["code"]))
    capsys.readouterr()
    formats = ("text", "github", "markdown", "html", "sarif")
    specs = [part for name in formats for part in ("--report", f"{name}={name}.out")]
    assert main(["validate", "blueprint.yaml", *specs]) == 0
    texts = {name: Path(f"{name}.out").read_text() for name in formats}
    assert "waived: 1; -v shows" in texts["text"]
    assert "1 waived" in texts["text"]
    assert "platform team" not in texts["text"]
    for name in ("github", "markdown", "html", "sarif"):
        assert "platform team" in texts[name], name
        assert error["code"] in texts[name], name
        assert "2027-03-31" in texts[name], name
    assert "::error" not in texts["github"]
    [result] = [each for each in json.loads(texts["sarif"])["runs"][0]["results"] if each["ruleId"] == error["code"]]
    [suppression] = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["location"]["physicalLocation"]["region"]["startLine"] == 4
    assert main(["validate", "blueprint.yaml", "-v"]) == 0
    text = capsys.readouterr().out
    assert f"waived[{error['code']}]" in text
    assert "until 2027-03-31, platform team: agreed on (waivers.yaml:4:6)" in text


ONE_OF_EACH = {TABLE[name].code: name for name in reversed(TABLE)}
WAIVED = sorted(code for code in ONE_OF_EACH if (c := find_code(code.split()[0])) and not refusal_of(c))


@pytest.mark.parametrize("code", [code for code in WAIVED if code.startswith("BP3")])
def test_a_waived_judgement_leaves_a_platform_that_can_be_rendered(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Codes that leave out a part of the platform cannot be waived: the rest would be a different platform."""
    mistake = TABLE[ONE_OF_EACH[code]]
    for file, text in texts_of(mistake)[0].items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    named = [find_code(each.split()[0]) for each in (code, *mistake.also)]
    at = Span("waivers.yaml", 1, 1, 1, 2)
    waivers = tuple(Waiver(each, "r", "o", TODAY, at, "", "") for each in named if each and not refusal_of(each))
    given = [unmarked(each) for each in mistake.arguments]
    sets = [value for flag, value in zip(given[::2], given[1::2], strict=True) if flag == "--set"]
    found = compile_blueprint("blueprint.yaml", sets=sets, waivers=Waivers(waivers, TODAY))
    assert found.platform is not None
    assert not found.platform.unresolved
    assert found.exit_code != 70


@pytest.mark.parametrize(
    ("name", "text", "exit_code", "code"),
    [("waivers.yaml", "a: [\n", 1, "BP1002"), (".blueprint.toml", "waivers = 7\n", 2, "BP0061")],
)
def test_waivers_that_cannot_be_read_are_reported_beside_what_a_verb_found(
    name: str, text: str, exit_code: int, code: str, folder: Path
) -> None:
    """A verb that compiles nothing reads them last: its findings stay, and the run does not succeed."""
    (folder / "job.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: x}]}\n"
    )
    (folder / name).write_text(text)
    assert set(codes(report("lint", "job.yaml", expected=exit_code))) == {code, "BP6115"}
