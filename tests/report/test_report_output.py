"""`--report FORMAT[=PATH]`: where reports are written, and what is rejected before anything runs."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from blueprint.cli.commands import lab
from blueprint.cli.main import main
from blueprint.diagnostics import Diagnostic, Refused, Span
from blueprint.report import Run, destinations, write_reports
from tests.support import report_sample as sample

RUN = sample.RUNS["findings"]


def refused(*specs: str) -> Refused:
    with pytest.raises(Refused) as caught:
        destinations(specs)
    assert caught.value.exit_code == 2
    return caught.value


def test_several_formats_come_from_one_run(tmp_path: Path) -> None:
    out = io.StringIO()
    write_reports(
        RUN, ["text", f"json={tmp_path / 'run.json'}", f"sarif={tmp_path / 'run.sarif'}"], base=Path(), stdout=out
    )
    assert (tmp_path / "run.json").read_text().startswith("{")
    assert '"2.1.0"' in (tmp_path / "run.sarif").read_text()
    assert out.getvalue().startswith("Validate ")


def test_a_dash_is_stdout() -> None:
    out = io.StringIO()
    write_reports(RUN, ["json=-"], base=Path(), stdout=out)
    assert out.getvalue().startswith('{\n  "schemaVersion"')


def test_an_unknown_format_is_refused_with_the_nearest_spelling() -> None:
    [problem] = refused("jsno=x").diagnostics
    assert (problem.code.id, problem.message) == ("BP0002", "there is no report format jsno")
    assert problem.help is not None
    assert problem.help.startswith("did you mean json?")


@pytest.mark.parametrize("specs", [("text", "json"), ("text=-", "json"), ("json=a", "sarif=a"), ("json=a", "html=./a")])
def test_two_reports_in_one_place_are_refused(specs: tuple[str, ...]) -> None:
    [problem] = refused(*specs).diagnostics
    assert problem.message.startswith("two reports would be written to")


def test_nothing_is_written_where_a_spec_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        write_reports(RUN, [f"json={tmp_path / 'a.json'}", "nonsense"], base=Path(), stdout=io.StringIO())
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_report_is_a_diagnostic_and_the_others_are_reported(tmp_path: Path) -> None:
    out = io.StringIO()
    with pytest.raises(Refused) as caught:
        write_reports(
            RUN,
            [f"json={tmp_path / 'gone' / 'a.json'}", f"json={tmp_path / 'b.json'}", "text"],
            base=Path(),
            stdout=out,
        )
    [problem] = caught.value.diagnostics
    assert (problem.code.id, caught.value.exit_code) == ("BP0010", 2)
    assert "No such file or directory" in problem.message
    assert [file.name for file in tmp_path.iterdir()] == ["b.json"]
    assert out.getvalue().endswith("nothing was written.\n")


def test_a_report_replaces_its_predecessor_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_text("old")
    before = target.stat().st_ino
    write_reports(RUN, [f"json={target}"], base=Path(), stdout=io.StringIO())
    assert target.stat().st_ino != before
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~mask


def test_a_failed_write_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.json"
    target.write_text("old")

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(Refused, match="No space left"):
        write_reports(RUN, [f"json={target}"], base=Path(), stdout=io.StringIO())
    assert target.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_reports(RUN, ["json=/dev/null"], base=Path(), stdout=io.StringIO())
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    write_reports(RUN, [f"json={tmp_path / 'link.json'}"], base=Path(), stdout=io.StringIO())
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text().startswith("{")


def test_lines_of_what_is_not_a_file_come_with_the_run(tmp_path: Path) -> None:
    found = Diagnostic(sample.KEY, "twice", Span("v1.2:a.yaml", 2, 1, 2, 2))
    out = io.StringIO()
    write_reports(Run("diff", "", (found,), texts={"v1.2:a.yaml": "a: 1\na: 2\n"}), stdout=out, base=tmp_path)
    assert "    2 | a: 2\n      | ^\n" in out.getvalue()


def test_files_are_never_coloured(tmp_path: Path) -> None:
    write_reports(RUN, [f"text={tmp_path / 'a.txt'}"], base=Path(), stdout=io.StringIO(), color=True)
    assert "\x1b" not in (tmp_path / "a.txt").read_text()


def test_a_stream_that_cannot_encode_a_character_gets_escapes() -> None:
    stream = io.TextIOWrapper(raw := io.BytesIO(), encoding="ascii")
    write_reports(RUN, ["text"], base=Path(), stdout=stream, source=sample.source)
    assert b"\\u30b0" in raw.getvalue()


def test_a_machine_format_is_utf_8_on_every_stream() -> None:
    stream = io.TextIOWrapper(raw := io.BytesIO(), encoding="ascii")
    write_reports(RUN, ["html"], base=Path(), stdout=stream, source=sample.source)
    assert "トレーニング" in raw.getvalue().decode("utf-8")


def test_a_wrong_report_is_refused_before_the_verb_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`apply --report jsno` must not apply before it reports the mistake."""
    ran: list[object] = []
    monkeypatch.setattr(lab, "run", ran.append)
    assert main(["lab", "status", "--report", "jsno"]) == 2
    assert ran == []
    assert "BP0002" in capsys.readouterr().out
