"""Wrong command lines: one style of message, the nearest spelling, exit code 2; and help that fits the screen."""

from __future__ import annotations

import importlib
import shlex
from pathlib import Path

import pytest

from blueprint.cli.main import build_parser, main, verbs
from blueprint.cli.options import split_scopes
from blueprint.diagnostics import Refused

EXAMPLE = str(Path(__file__).resolve().parents[2] / "examples" / "h100-training")


@pytest.mark.parametrize(
    ("line", "message", "help_"),
    [
        ("valdate", "there is no verb valdate", "did you mean validate?"),
        ("validate --repport json", "validate has no flag --repport", "did you mean --report?"),
        ("lab up --controlers", "lab has no flag --controlers", "did you mean --controllers?"),
        ("diff a", "diff needs B", "see `blueprint help diff`"),
        ("diff a b c", "diff does not accept the argument c", "see `blueprint help diff`"),
        ("validate --fail-on warnings", "--fail-on: there is no warnings", "did you mean warning?"),
        ("plan --timeout 5x", "--timeout: 5x is not a duration; write 60s, 5m or 1h30m", "see `blueprint help plan`"),
        ("plan --context", "--context: a value is needed", "see `blueprint help plan`"),
        ("validate -q -v", "-v/--verbose: not allowed with -q/--quiet", "see `blueprint help validate`"),
        ("-q validate", "-q must come after the verb", "write `blueprint validate -q`"),
        ("lab", "lab needs ACTION", "see `blueprint help lab`"),
        ("--nothing", "blueprint needs VERB", "see `blueprint help`"),
        ("help valdate", "there is no verb valdate", "did you mean validate?"),
        (
            "validate",
            "no TARGET is specified, and this folder contains no blueprint.yaml",
            "specify a blueprint or its folder; `blueprint init`",
        ),
    ],
)
def test_a_wrong_command_line_is_reported_like_any_other_finding(
    line: str,
    message: str,
    help_: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) == 2
    shown = capsys.readouterr()
    assert f"error[BP0002] usage: {message}\n" in shown.out + shown.err
    assert f"  = help: {help_}" in shown.out + shown.err


def test_usage_errors_leave_stdout_to_products(capsys: pytest.CaptureFixture[str]) -> None:
    main(["images", "--nothing"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("verb", verbs())
def test_the_examples_of_a_verb_are_command_lines_that_it_takes(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blueprint.yaml").touch()
    examples = importlib.import_module(f"blueprint.cli.commands.{verb}").EXAMPLES
    assert examples
    for line in examples:
        words = shlex.split(line.replace("$(", " ").replace(")", " "), comments=True)
        [at] = [number for number, word in enumerate(words) if word == "blueprint"][-1:]
        own = words[at + 1 :]
        end = next((n for n, word in enumerate(own) if word in ("|", ">", ">>", "&&")), len(own))
        assert own[0] == verb
        build_parser(verb).parse_args(split_scopes(own[:end]))


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("line", ["", "help apply", "help compile", "help lab up"])
def test_help_is_wrapped_at_the_width_of_the_screen(
    line: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(line.split()) == 0
    prose = capsys.readouterr().out.partition("\nexamples:")[0].splitlines()
    whole = [each for each in prose if len(each) > min(width, 100) and " " in each.strip()]
    assert whole == []
    assert len(prose) > 10


def test_help_of_a_verb_is_the_same_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "diff"]) == 0
    one = capsys.readouterr().out
    assert main(["diff", "--help"]) == 0
    assert capsys.readouterr().out == one
    assert one.startswith("usage: blueprint diff [OPTIONS] A B\n")


@pytest.mark.parametrize("line", ["version", "-V", "--version"])
def test_every_way_to_request_the_version_prints_it(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([line]) == 0
    assert capsys.readouterr().out.startswith("blueprint ")


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("60s", 60), ("5m", 300), ("1h30m", 5400), ("0.5", 0.5)])
def test_durations_are_read_as_kubectl_reads_them(
    text: str, seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blueprint.yaml").touch()
    assert build_parser("plan").parse_args(["plan", "--timeout", text]).timeout == seconds


@pytest.mark.parametrize("text", ["", "5x", "-1s", "nan", "1e3", "٦0s"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        build_parser("plan").parse_args(["plan", EXAMPLE, f"--timeout={text}"])


def test_a_report_is_written_also_where_the_command_line_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job uploads it whatever happened."""
    monkeypatch.chdir(tmp_path)
    assert main(["validate", "--nothing", "--report", "json=a.json", "--report=sarif=b.sarif"]) == 2
    assert "--nothing" in (tmp_path / "a.json").read_text()
    assert (tmp_path / "b.sarif").exists()
    assert main(["validate", "--nothing", "--report", "json"]) == 2
    assert capsys.readouterr().out.startswith("{")
    assert main(["validate", "--nothing", "--report"]) == 2
