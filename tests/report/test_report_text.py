"""Text: carets are under what they mark, colours and ASCII follow the stream, files outside the project are
not read.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from blueprint.changes.compare import Action
from blueprint.diagnostics import Danger, Diagnostic, Fix, Note, Span
from blueprint.records import replace
from blueprint.report import Run
from blueprint.report.context import Context, may_color, read_sources, speaks_unicode, width_of
from blueprint.report.escaping import cells
from blueprint.report.excerpt import excerpt
from blueprint.report.formats import text
from blueprint.report.suggestion import suggestion
from tests.support import report_sample as sample


def only(source: str, span: Span, width: int = 100, *, ascii_only: bool = False):
    return excerpt(span, Context(source=lambda _: source, width=width, ascii_only=ascii_only))


def test_the_example_of_the_design_looks_as_designed(context: Context) -> None:
    told = text.render(Run("validate", "", (sample.DIAGNOSTICS[0],), exit_code=1), context)
    assert (
        told
        == """\
error[BP3104] mig-profile-unsupported: A100-SXM4-80GB cannot be partitioned into 1g.5gb
  --> clusters/prod-eu.yaml:11:35
   11 |       - {devices: 0-3, profiles: {1g.5gb: 7}}
      |                                   ^^^^^^ not a profile of this GPU
  ::: base.yaml:3:18
    3 |         product: A100-SXM4-80GB
      |                  -------------- product set here by base.yaml
  = help: profiles of this GPU: 1g.10gb, 1g.10gb+me, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb
  = did you mean 1g.10gb?    blueprint explain BP3104

1 error. Nothing was done.
"""
    )


def many(count: int) -> Run:
    """A run with that many findings of two codes, each on a line of its own."""
    first = sample.DIAGNOSTICS[0]
    codes = [sample.DIAGNOSTICS[0].code, sample.DIAGNOSTICS[1].code]
    return Run("validate", "", tuple(
        replace(first, code=codes[n % 2], message=f"finding {n:04}", at=first.at._replace(line=n + 1, end_line=n + 1))
        for n in range(count)
    ), exit_code=1)  # fmt: skip


def test_many_findings_are_reported_in_one_line_each_after_the_first_of_their_code(context: Context) -> None:
    told = text.render(many(1000), context).splitlines()
    assert len(told) < 1100
    assert all(sum(f"finding {n:04}" in line for line in told) == 1 for n in range(1000))
    assert "994 of 1000 findings are shown in one line each; -v shows them in full." in told


@pytest.mark.parametrize("verbose", [False, True])
def test_evidence_for_auditors_is_in_the_long_report_only(context: Context, *, verbose: bool) -> None:
    found = replace(
        sample.DIAGNOSTICS[0], evidence=(("writer", "mallory"), ("uid", "85b04901")), at_length=frozenset({"uid"})
    )
    told = text.render(Run("drift", "", (found,), exit_code=1), replace(context, verbose=verbose))
    assert ("    writer  mallory\n" if verbose else "  = writer mallory\n") in told
    assert ("85b04901" in told) is verbose


def drifted(subject: str, *notes: str, path: str = "spec.x", message: str = "", **facts: str) -> Diagnostic:
    """A finding of drift, with evidence for users and for auditors."""
    evidence = tuple({"class": "modified", "writer": "mallory", **facts, "station": "live object"}.items())
    return Diagnostic(
        sample.DRIFT,
        message or f"{subject}: {path} is 2, declared 1",
        at=sample.span("base.yaml", 4, "ecc"),
        label="the cluster has 2",
        notes=tuple(map(Note, notes)),
        help="`blueprint apply` restores it",
        subject=subject,
        path=path,
        evidence=evidence,
        at_length=frozenset({"class", "station"}),
    )


@pytest.mark.parametrize("notes", [0, 1, 2, 9])
def test_a_finding_of_drift_takes_at_most_six_lines(notes: int, context: Context) -> None:
    found = drifted("Pod/x", *(f"[{n}]: declared 1, live 2" for n in range(notes)), since="2026-11-29T07:22:00Z")
    told = text.render(Run("drift", "", (found,), exit_code=1), context).split("\n\n")[0].splitlines()
    assert len(told) <= 6
    assert told[0] == "error[BP8001] field-modified: Pod/x: spec.x is 2, declared 1"
    assert told[-1] == "  = help: `blueprint apply` restores it"
    assert any("mallory" in line and "2026-11-29T07:22:00Z" in line for line in told)
    more = [line for line in told if ": -v)" in line]
    assert len(more) == (notes > 2)


def test_the_summary_says_how_dangerous_who_and_since_when(context: Context) -> None:
    gone = replace(drifted("Deployment/b", restarts="the pods of Deployment/b"), danger=Danger.WORKLOAD_GONE)
    host = replace(drifted("Pod/a", writer="eve", since="2026-11-29T08:00:00Z"), danger=Danger.HOST_ACCESS)
    found = (gone, host, drifted("Pod/c", since="2026-11-29T09:00:00Z"), drifted("Pod/c", path="spec.y"))
    told = text.render(Run("drift", "", found, exit_code=1), context).split("\n\n")
    assert told[0].splitlines() == [
        "4 findings in 3 objects: 1 host access, 1 workload gone, 2 other",
        "    mallory  3 findings, since 2026-11-29T09:00:00Z",
        "    eve      1 finding, since 2026-11-29T08:00:00Z",
        "    a repair restarts the pods of Deployment/b",
    ]
    order = ["Pod/a: spec.x", "Deployment/b: spec.x", "Pod/c: spec.x", "Pod/c: spec.y"]
    assert [part.partition(": ")[2].partition(" is ")[0] for part in told[1:5]] == order


def test_what_many_nodes_of_a_pool_have_in_common_is_one_finding(context: Context) -> None:
    nodes = [drifted(f"Node/{pool}-{n:04}", pool=pool) for pool in ("train", "lab") for n in range(1000)]
    run = Run("drift", "", tuple(nodes), exit_code=1)
    told = text.render(run, context)
    assert len(told.splitlines()) < 30
    assert "  = and 999 more of pool train: train-0001, train-0002, train-0003 and 996 more (-v)\n" in told
    assert text.render(run, replace(context, verbose=True)).count("error[BP8001]") == 2000


def test_findings_of_different_fields_or_values_are_not_one(context: Context) -> None:
    found = [drifted(f"Node/{n}", path=f"spec.{n}") for n in range(5)]
    found += [drifted(f"Pod/{n}", message=f"Pod/{n}: spec.x is {n}") for n in range(5)]
    assert text.render(Run("drift", "", tuple(found), exit_code=1), context).count("error[BP8001]") == 10


@pytest.mark.parametrize("run", sample.RUNS.values(), ids=sample.RUNS)
def test_headlines_are_wrapped_on_a_terminal_alone(run: Run, context: Context) -> None:
    narrow = replace(context, width=60, terminal=True)
    told = text.render(run, narrow).splitlines()
    heads = [line for line in told if line.startswith(("error[", "warning[", "note["))]
    assert len(heads) == len(run.diagnostics)
    assert all(cells(line) <= 60 or " " not in line.strip() for line in heads)
    assert run.title in text.render(run, context)


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("run", sample.RUNS.values(), ids=sample.RUNS)
def test_changes_are_wrapped_on_a_terminal(run: Run, width: int, context: Context) -> None:
    """Every line fits, except for single words that are longer."""
    narrow = text.render(run, replace(context, width=width, terminal=True)).partition("Objects\n")[2].splitlines()
    assert all(cells(line) <= width or " " not in line.strip() for line in narrow), narrow


def test_objects_that_are_on_the_screen_are_left_out_there_alone(context: Context) -> None:
    run = next(each for each in sample.RUNS.values() if len(each.changes) > 1)
    first, *rest = (each.id for each in run.changes if each.action is not Action.UNCHANGED)
    shown = replace(run, diagnostics=(), on_screen=frozenset({first}))
    on_terminal = text.render(shown, replace(context, terminal=True, width=200))
    assert f" {first}\n" not in on_terminal
    assert all(f" {each}" in on_terminal for each in rest)
    assert text.render(shown, context) == text.render(replace(shown, on_screen=frozenset()), context)


def test_lines_that_took_part_are_folded_beyond_three(context: Context) -> None:
    notes = tuple(Note(f"spec.{n} took part (default)", Span("gone.yaml", n + 1, 1, n + 1, 2)) for n in range(9))
    found = replace(sample.DIAGNOSTICS[0], notes=notes)
    told = text.render(Run("probe", "", (found,), exit_code=1), context)
    assert told.count("took part (default)") == 3
    assert "  = and 6 more lines that contributed; -v lists them\n" in told
    assert text.render(Run("probe", "", (found,)), replace(context, verbose=True)).count("took part (") == 9


@pytest.mark.parametrize(("count", "verbose"), [(50, False), (200, True)])
def test_few_findings_and_with_v_all_are_reported_in_full(count: int, context: Context, *, verbose: bool) -> None:
    told = text.render(many(count), replace(context, verbose=verbose))
    assert told.count("  --> ") == count
    assert "-v shows" not in told


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("name: value", "value"),
        ("\tname:\tvalue", "value"),
        ("日本: 値", "値"),
        ("e\u0301e\u0301e\u0301: x\u0301", "x\u0301"),
        ("\x1b[31m\u202ename: value", "value"),
        ("# 🚀 rocket: x", "rocket"),
        ("a" * 500 + " here " + "b" * 500, "here"),
        ("日" * 300 + " here " + "日" * 300, "here"),
    ],
)
@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_caret_is_under_what_it_marks(line: str, marked: str, width: int, *, ascii_only: bool) -> None:
    start = line.index(marked) + 1
    [shown] = only(line, Span("f", 1, start, 1, start + len(marked)), width, ascii_only=ascii_only)
    assert cells(shown.text) <= width - 8
    assert shown.indent == cells(shown.before)
    assert shown.length == max(1, cells(shown.inside))
    assert shown.inside == (marked.encode("ascii", "backslashreplace").decode() if ascii_only else marked)
    assert shown.text.isprintable() or "\u0301" in shown.text


def test_a_mark_longer_than_the_screen_ends_with_the_screen() -> None:
    [shown] = only("k: " + "v" * 5000, Span("f", 1, 4, 1, 5004), 80)
    assert shown.indent + shown.length <= 72


def test_a_million_characters_on_one_line_cost_nothing() -> None:
    [shown] = only("v" * 1_000_000, Span("f", 1, 500_000, 1, 500_003), 80)
    assert shown.inside == "vvv"


def test_an_empty_place_has_a_mark() -> None:
    [shown] = only("key:", Span("f", 1, 5, 1, 5))
    assert (shown.indent, shown.length) == (4, 1)


def test_a_place_of_several_lines_shows_its_ends() -> None:
    first, last = only("a:\n  b: 1\n  c: 2\nd: 3\n", Span("f", 1, 1, 3, 7))
    assert (first.number, first.inside) == (1, "a:")
    assert (last.number, last.indent, last.inside) == (3, 2, "c: 2")


@pytest.mark.parametrize(
    "span", [Span("f", 9, 1, 9, 2), Span("f", 1, 99, 1, 100), Span("f", 0, 0, 0, 0), Span("f", 1, 1, 50, 2)]
)
def test_a_file_that_changed_since_gives_no_excerpt(span: Span) -> None:
    assert only("short: 1\n", span) == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_yaml_counts_them(end: str) -> None:
    """Form feeds and Unicode separators do not end a line for a YAML 1.2 reader."""
    [shown] = only(f"a\x0b\x0c\x85\u2028b{end}second", Span("f", 2, 1, 2, 7))
    assert shown.text == "second"


def test_ascii_streams_get_ascii(context: Context) -> None:
    for run in sample.RUNS.values():
        assert text.render(run, replace(context, ascii_only=True)).isascii()


def test_colours_change_nothing_but_colours(context: Context) -> None:
    import re

    for run in sample.RUNS.values():
        plain, colored = text.render(run, context), text.render(run, replace(context, color=True))
        assert "\x1b[1;31m" in colored or not any(d.severity == "error" for d in run.diagnostics)
        assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain


def test_a_code_is_offered_for_explanation_once(context: Context) -> None:
    assert text.render(sample.RUNS["findings"], context).count("blueprint explain BP1001") == 1


def test_help_is_wrapped_to_the_screen(context: Context) -> None:
    found = Diagnostic(sample.KEY, "m", help="word " * 60)
    told = text.render(Run("v", "", (found,)), replace(context, width=60))
    assert max(len(line) for line in told.splitlines()) <= 60


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    def isatty(self) -> bool:
        return self._terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


@pytest.mark.parametrize(
    ("terminal", "environment", "colored"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "0"}, False),
        (True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_follows_terminal_and_environment(terminal: bool, environment: dict, colored: bool) -> None:
    assert may_color(Screen(terminal=terminal), environment) is colored


def test_a_command_in_the_help_is_never_broken(context: Context) -> None:
    """It is to be copied: a line break inside it would run half of it."""
    command = "`blueprint apply prod.yaml '--force-conflicts=Deployment/gpu-operator/gpu-operator:spec.replicas'`"
    found = Diagnostic(sample.KEY, "m", help=f"some words that fill a line, then {command} restores it, and more")
    told = text.render(Run("v", "", (found,)), replace(context, width=60))
    assert any(command in line for line in told.splitlines())


def test_width_follows_columns() -> None:
    screen = Screen(terminal=False)
    assert width_of(screen, {}) == 100
    assert width_of(screen, {"COLUMNS": "132"}) == 132
    assert width_of(screen, {"COLUMNS": "20"}) == 60
    assert width_of(screen, {"COLUMNS": "wide"}) == 100


@pytest.mark.parametrize(
    ("encoding", "unicode"), [("utf-8", True), ("UTF8", True), ("ascii", False), ("cp1252", False)]
)
def test_unicode_follows_the_encoding(encoding: str, unicode: bool) -> None:
    assert speaks_unicode(Screen(terminal=False, encoding=encoding)) is unicode


def test_sources_are_read_inside_the_project_only(tmp_path: Path) -> None:
    """A bundle from elsewhere may name any file in its provenance."""
    project, outside = tmp_path / "project", tmp_path / "outside.yaml"
    (project / ".git").mkdir(parents=True)
    (project / "clusters").mkdir()
    (project / "base.yaml").write_text("inside: 1\n")
    (project / "key.pem").write_text("private\n")
    (project / "link.yaml").symlink_to(outside)
    outside.write_text("outside: 1\n")
    source = read_sources(project / "clusters", {"<stdin>": "given: 1\n"})

    assert source("../base.yaml") == "inside: 1\n"
    assert source("<stdin>") == "given: 1\n"
    for closed in ("../../outside.yaml", str(outside), "../link.yaml", "../key.pem", "gone.yaml", "a\0b.yaml", ""):
        assert source(closed) is None


def test_the_tools_own_files_are_sources_too(tmp_path: Path) -> None:
    source = read_sources(tmp_path)
    assert "gpu-operator" in (source("components/gpu-operator/component.yaml") or "")
    assert source("components/../pyproject.yaml") is None
    assert source("catalog/../cli/main.py") is None


def test_a_fix_elsewhere_names_its_place() -> None:
    at, other = Span("a.yaml", 3, 1, 3, 2), Span("b.yaml", 7, 5, 7, 6)
    assert suggestion(Fix(at, "x"), at) == "did you mean x?"
    assert suggestion(Fix(at, ""), at) == "fix: remove it"
    assert suggestion(Fix(Span("a.yaml", 9, 1, 9, 2), "x"), at) == "fix: put x at line 9"
    assert suggestion(Fix(other, ""), at) == "fix: remove what is at b.yaml:7:5"
    assert suggestion(Fix(other, "  "), None) == 'fix: put "  " at b.yaml:7:5'
