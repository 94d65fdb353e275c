"""All formats of one run agree, whatever the run contains; and none shows secrets or passes foreign markup through."""

from __future__ import annotations

import hashlib
import html
import json
import re
import tracemalloc
from importlib import import_module

import pytest
from jsonschema import Draft202012Validator

from blueprint.data import data_folder
from blueprint.diagnostics import Danger, Diagnostic, Fix, Note, Severity, Span, in_order
from blueprint.diagnostics.codes import INTERNAL_ERROR
from blueprint.records import replace
from blueprint.report import Run, format_names
from blueprint.report.context import Context
from blueprint.report.record import counts_in_words, record_of
from tests.support import report_sample as sample
from tests.support.call_counts import counted_calls, is_linear

RUNS = pytest.mark.parametrize("run", sample.RUNS.values(), ids=sample.RUNS)
FORMATS = pytest.mark.parametrize("name", sorted({*format_names()} - {"cyclonedx", "gitlab"}))
"""The formats of complete runs: `cyclonedx` has only images, `gitlab` only findings (`test_report_ci_formats.py`)."""


def told(name: str, run: Run, context: Context) -> str:
    return import_module(f"blueprint.report.formats.{name}").render(run, context)


def test_formats_are_found_by_file_name() -> None:
    assert format_names() == [
        "concise", "cyclonedx", "github", "gitlab", "html", "json", "junit", "markdown", "sarif", "text",
    ]  # fmt: skip


@RUNS
@FORMATS
def test_every_format_of_every_run_is_as_reviewed(name, run, context, golden) -> None:
    case = next(key for key, each in sample.RUNS.items() if each is run)
    golden(f"{case}.{name}", told(name, run, context))


@RUNS
@FORMATS
def test_the_same_run_gives_the_same_bytes_whatever_the_order(name, run, context) -> None:
    turned = tuple(reversed(run.diagnostics)), tuple(reversed(run.left_out))
    backwards = replace(run, diagnostics=turned[0], left_out=turned[1])
    assert told(name, run, context) == told(name, backwards, context)


@RUNS
@FORMATS
def test_every_format_states_counts_and_verdict(name, run, context) -> None:
    record = record_of(run)
    text = html.unescape(told(name, run, context))
    assert record.verdict in text
    said = json.loads(text) if name in {"json", "sarif"} else text
    if name == "json":
        assert said["counts"] == {severity.value: number for severity, number in record.counts.items()}
    elif name == "sarif":
        assert said["runs"][0]["properties"]["summary"] == counts_in_words(record)
        assert said["runs"][0]["invocations"][0]["exitCode"] == run.exit_code
    elif record.findings or not run.changes:
        assert counts_in_words(record).lower() in text.lower()


@FORMATS
def test_every_format_names_every_code_as_often_as_it_was_found(name, context) -> None:
    run = sample.RUNS["findings"]
    text = told(name, run, context)
    patterns = {
        "text": r"^(?:error|warning|note)\[(BP\d{4})\]",
        "json": r'^      "code": "(BP\d{4})"',
        "sarif": r'"ruleId": "(BP\d{4})"',
        "github": r"title=(BP\d{4}) ",
        "markdown": r"^\*\*(?:Error|Warning|Note) (BP\d{4}) ",
        "concise": r"(?:error|warning|note)\[(BP\d{4})\] ",
        "junit": r'<testcase classname="[^"]*" name="(BP\d{4}) ',
        "html": r'<p class="line"><a href="#(BP\d{4})">',
    }
    found = re.findall(patterns[name], text, re.MULTILINE)
    assert found == [diagnostic.code.id for diagnostic in in_order(run.diagnostics)]


@FORMATS
def test_what_was_not_seen_is_reported(name, context) -> None:
    text = html.unescape(told(name, sample.RUNS["unknown"], context))
    assert "LIST secrets: forbidden" in text
    assert "derived" in text
    assert "nodes" in text


@FORMATS
def test_what_was_left_out_is_counted(name, context) -> None:
    text = html.unescape(told(name, sample.RUNS["left out"], context))
    assert name in {"concise", "github", "junit", "sarif"} or "binding of a volume" in text
    assert name != "text" or "2 x binding of a volume" in " ".join(text.split())
    assert name != "json" or len(json.loads(text)["leftOut"]) == 3


@RUNS
@FORMATS
def test_no_secret_value_leaves_the_tool(name, run, context) -> None:
    text = told(name, run, context)
    assert [secret for secret in sample.SECRETS if secret in text] == []


@RUNS
@FORMATS
def test_no_control_characters_reach_a_terminal(name, run, context) -> None:
    obeyed = re.findall(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", told(name, run, context)
    )
    assert obeyed == []


@RUNS
def test_json_is_as_its_published_schema_says(run, context) -> None:
    document = json.loads(told("json", run, context))
    schema = json.loads((data_folder("schemas") / "report.v1.json").read_text())
    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(_closed(schema)).iter_errors(document)] == []


def test_the_schema_knows_every_danger() -> None:
    """In the same order, the worst first."""
    schema = json.loads((data_folder("schemas") / "report.v1.json").read_text())
    found = [each for each in _enums(schema) if "privilege" in each]
    assert found == [[each.value for each in Danger]]


def _enums(node):
    """Every list of allowed values, at any depth."""
    if isinstance(node, dict):
        yield from ([node["enum"]] if isinstance(node.get("enum"), list) else [])
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _enums(each)


def test_the_schema_refuses_a_document_without_a_verdict(context) -> None:
    """Proves that the test above can fail."""
    document = json.loads(told("json", sample.RUNS["findings"], context))
    del document["verdict"]
    document["diagnostics"][0]["novel"] = 1
    schema = json.loads((data_folder("schemas") / "report.v1.json").read_text())
    messages = [error.message for error in Draft202012Validator(_closed(schema)).iter_errors(document)]
    assert any("'verdict' is a required property" in message for message in messages)
    assert any("'novel' was unexpected" in message for message in messages)


def _closed(schema: dict) -> dict:
    """The schema without additional members, so that none is undocumented."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return {**closed, "additionalProperties": False} if "required" in schema else closed


def test_fingerprints_survive_lines_inserted_above() -> None:
    def found(line: int) -> Diagnostic:
        return Diagnostic(sample.KEY, f"twice, first at a.yaml:{line}:3", Span("a.yaml", line, 1, line, 5))

    before = record_of(Run("v", "", (found(5), found(9))))
    after = record_of(Run("v", "", (found(105), found(109))))
    assert [f.fingerprint for f in before.findings] == [f.fingerprint for f in after.findings]
    assert len({f.fingerprint for f in before.findings}) == 2


def test_no_text_of_a_report_is_as_long_as_the_value_that_it_names() -> None:
    at, value = Span("a.yaml", 1, 1, 1, 5), "9" * 100_000
    found = Diagnostic(sample.KEY, f"{value} is odd", at, help=f"quote {value}", path=value, fix=Fix(at, value))
    [entry] = record_of(Run("v", "", (found,))).findings
    shown = entry.diagnostic
    assert (len(shown.message), len(shown.help or ""), len(shown.path or ""), shown.fix) == (2_000, 2_000, 2_000, None)
    assert shown.message.endswith("9…")


def test_fingerprints_tell_files_and_messages_apart() -> None:
    one = Diagnostic(sample.KEY, "x", Span("a.yaml", 1, 1, 1, 2))
    others = [
        Diagnostic(sample.KEY, "y", Span("a.yaml", 1, 1, 1, 2)),
        Diagnostic(sample.KEY, "x", Span("b.yaml", 1, 1, 1, 2)),
        Diagnostic(sample.MIG, "x", Span("a.yaml", 1, 1, 1, 2)),
        Diagnostic(sample.KEY, "x", Span("a.yaml", 1, 1, 1, 2), path="spec"),
    ]
    record = record_of(Run("v", "", (one, *others)))
    assert len({finding.fingerprint for finding in record.findings}) == 5


def test_the_page_holds_the_json_report_and_its_digest(context) -> None:
    """What a person reads can be compared with what a program gets."""
    run = sample.RUNS["findings"]
    page = told("html", run, context)
    [embedded] = re.findall(r'<script type="application/json" id="report">(.*?)</script>', page, re.DOTALL)
    assert embedded == told("json", run, context)
    assert hashlib.sha256(embedded.encode()).hexdigest() in page


def test_the_page_has_no_markup_from_outside(context) -> None:
    page = told("html", sample.RUNS["findings"], context)
    assert re.findall(r"<(?:img|a href=.?http|script(?! type=.application/json))", page) == []
    assert page.count("</script>") == 1
    assert "default-src 'none'" in page


def test_a_command_in_a_sentence_looks_like_one_and_carries_no_markup(context) -> None:
    found = Diagnostic(INTERNAL_ERROR, "x", help="run `blueprint apply <b>`, or `", notes=(Note("see `a`"),))
    page = told("html", Run("v", "", (found,), verdict="`apply` restores it"), context)
    assert "run <code>blueprint apply &lt;b&gt;</code>, or `</p>" in page
    assert "<li>see <code>a</code></li>" in page
    assert "<span><code>apply</code> restores it.</span>" in page


def test_github_lines_are_commands_only_where_we_made_them(context) -> None:
    text = told("github", sample.RUNS["findings"], context)
    for line in text.splitlines():
        assert re.match(r"::(error|warning|notice) [^:]*::", line) or not line.lstrip().startswith(("::", "##["))


def test_github_does_not_take_a_verdict_for_a_command(context) -> None:
    run = Run("drift", "", out_of_scope=("x\n::error::y",), verdict="::stop-commands::z", exit_code=1)
    assert not re.search(r"^\s*::", told("github", run, context), re.MULTILINE)


def with_findings(count: int) -> Run:
    source = sample.span(sample.PROD, 11, "1g.5gb")
    severities = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
    found = tuple(
        Diagnostic(
            sample.MIG, f"number {n}", source, "here", help="do it", subject=f"Pod/x/{n}", override=severities[n % 3]
        )
        for n in range(count)
    )
    return Run("lint", "Many", found, exit_code=1)


@pytest.fixture(scope="module")
def many() -> Run:
    return with_findings(10_000)


@FORMATS
def test_each_further_finding_costs_as_much_as_the_one_before(name, context) -> None:
    """In calls and in bytes; formats that limit the number of findings cost even less."""
    counted_calls(lambda: told(name, with_findings(1), context))  # imported or read once
    runs = [with_findings(number) for number in (200, 400, 800)]
    few, some, many = (counted_calls(lambda run=run: told(name, run, context)) for run in runs)
    assert is_linear(few[0], some[0], many[0])
    assert len(many[1].encode()) < 800 * 3_000


def test_a_thousand_findings_do_not_fill_the_memory(context) -> None:
    run = with_findings(1_000)
    tracemalloc.start()
    told("html", run, context)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 1024 * 1024


def test_github_stays_within_its_limits_and_says_how_many_are_left_out(many, context) -> None:
    lines = told("github", many, context).splitlines()
    levels = [line.split(" ")[0] for line in lines if line.startswith("::")]
    assert {level: levels.count(level) for level in levels} == {"::error": 10, "::warning": 10, "::notice": 10}
    assert levels == sorted(levels, key=["::error", "::warning", "::notice"].index)
    assert any("9971 more findings" in line for line in lines)


def test_markdown_fits_into_a_comment_and_says_how_many_are_left_out(many, context) -> None:
    text = told("markdown", many, context)
    assert len(text) < 65_536
    assert text.count("<details>") == text.count("</details>") > 100
    shown = len(re.findall(r"^\*\*(?:Error|Warning|Note) BP", text, re.MULTILINE))
    assert f"_{10_000 - shown} more entries do not fit here" in text


def test_sarif_stays_within_its_limits_and_says_how_many_are_left_out(context) -> None:
    found = tuple(Diagnostic(sample.KEY, f"n {n}") for n in range(25_100))
    [run] = json.loads(told("sarif", Run("lint", "", found, exit_code=1), context))["runs"]
    assert len(run["results"]) == 25_000
    [said] = run["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"].startswith("100 more results")
