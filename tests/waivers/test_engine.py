"""The effect of waivers on findings, whatever the findings and the waivers are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.diagnostics import Code, Diagnostic, Severity, Span, all_codes, find_code, has_errors
from blueprint.diagnostics.listing import MOST_LISTED
from blueprint.probe import codes as probe_codes
from blueprint.records import replace
from blueprint.report.model import Run
from blueprint.report.waiving import with_waivers
from blueprint.waivers.engine import NO_WAIVERS, Waivers
from blueprint.waivers.model import Waiver
from blueprint.waivers.refusals import _RANGES, _SINGLE, refusal_of
from tests.support.call_counts import counted_calls, is_linear

TODAY = date(2026, 11, 29)
CODES = [Code(f"BP600{n}", f"rule-{n}", severity, "") for n, severity in enumerate(Severity)]
KINDS, NAMES, PATHS = ("Deployment", "Node"), ("a", "b", "gpu-07"), ("spec.a", "spec.b[name=x]", "")
PATTERNS = ("", "*", "Deployment/*", "*/a", "Node/gpu-0?", "Pool/train")

places = st.one_of(st.none(), st.integers(1, 4).map(lambda line: Span("app.yaml", line, 1, line, 5)))
findings = st.builds(
    lambda code, kind, name, path, at, n: Diagnostic(
        code, f"message {n}", at=at, subject=f"{kind}/{name}", path=path or None
    ),
    st.sampled_from(CODES), st.sampled_from(KINDS), st.sampled_from(NAMES), st.sampled_from(PATHS), places,
    st.integers(0, 3),
)  # fmt: skip
waivers = st.builds(
    lambda code, subject, path, days, line, at: Waiver(
        code, "reason", "owner", TODAY + timedelta(days), Span("app.yaml", at, 1, at, 2), subject, path, line
    ),
    st.sampled_from(CODES), st.sampled_from(PATTERNS), st.sampled_from(("", "*", "spec.a", "spec.b[*]")),
    st.integers(-3, 3), st.one_of(st.none(), st.integers(1, 4)), st.integers(1, 9),
)  # fmt: skip
sets_of_findings, sets_of_waivers = st.lists(findings, max_size=12), st.lists(waivers, max_size=6)


def run_of(found: list[Diagnostic]) -> Run:
    def reassess(waived):
        return "again", int(has_errors(each for number, each in enumerate(found) if number not in waived))

    return Run("lint", "lint", tuple(found), exit_code=int(has_errors(found)), reassess=reassess)


def applied(found: list[Diagnostic], entries: list[Waiver]) -> Run:
    return with_waivers(run_of(found), Waivers(tuple(entries), TODAY), lambda _waiver, _run: True)


@given(sets_of_findings, sets_of_waivers)
def test_each_finding_counts_or_is_waived_by_a_matching_waiver(found, entries) -> None:
    run = applied(found, entries)
    waived = {each.diagnostic: each.waiver for each in run.waived}
    for each in found:
        means_it = [w for w in entries if w.matches(each) and w.in_force(TODAY)]
        assert (each in waived) is bool(means_it)
        assert (each in run.diagnostics) is not bool(means_it)
        assert not means_it or waived[each] in means_it
    assert set(waived) <= set(found)


@given(sets_of_findings, sets_of_waivers)
def test_the_exit_code_is_that_of_the_findings_that_count(found, entries) -> None:
    run = applied(found, entries)
    assert run.exit_code == int(has_errors(each for each in run.diagnostics if each in found))


@given(sets_of_findings, sets_of_waivers, st.integers(0, 5))
def test_removing_a_waiver_brings_back_its_findings_alone(found, entries, index) -> None:
    rest = [each for n, each in enumerate(entries) if n != index]
    before, after = applied(found, entries), applied(found, rest)
    back = {each.diagnostic for each in before.waived} - {each.diagnostic for each in after.waived}
    assert all(entries[index].matches(each) for each in back)
    assert {each.diagnostic for each in after.waived} <= {each.diagnostic for each in before.waived}
    assert before.exit_code <= after.exit_code
    without = applied(found, [])
    assert without.diagnostics == tuple(found)
    assert (without.exit_code, without.waived) == (run_of(found).exit_code, ())


@given(sets_of_findings, sets_of_waivers, st.randoms())
def test_the_order_of_waivers_is_irrelevant(found, entries, random) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)
    one, other = applied(found, entries), applied(found, shuffled)
    assert set(one.diagnostics) == set(other.diagnostics)
    assert one.exit_code == other.exit_code
    key = [(each.diagnostic, each.waiver.sort_key) for each in one.waived]
    assert key == [(each.diagnostic, each.waiver.sort_key) for each in other.waived]


FINDING = Diagnostic(CODES[0], "x", at=Span("app.yaml", 3, 1, 3, 2), subject="Deployment/apps/web", path="spec.a")
WAIVER = Waiver(CODES[0], "r", "o", TODAY, Span("waivers.yaml", 4, 5, 4, 9), subject="Deployment/*")


def test_a_waiver_is_active_on_its_last_day_and_not_after() -> None:
    assert applied([FINDING], [WAIVER]).exit_code == 0
    late = with_waivers(run_of([FINDING]), Waivers((WAIVER,), TODAY + timedelta(1)), lambda *_: True)
    assert late.exit_code == 1
    finding, expired = late.diagnostics
    assert finding is FINDING
    assert (expired.code.id, expired.severity, str(expired.at)) == ("BP0055", Severity.WARNING, "waivers.yaml:4:5")
    assert "expired on 2026-11-29" in expired.message
    assert expired.notes[0].at == FINDING.at


def test_an_unused_waiver_is_a_note_where_it_could_have_been_used() -> None:
    other = replace(WAIVER, subject="Deployment/other/*")
    run = applied([FINDING], [other])
    assert [(each.code.id, each.severity) for each in run.diagnostics[1:]] == [("BP0056", Severity.NOTE)]
    unjudged = with_waivers(run_of([FINDING]), Waivers((other,), TODAY), lambda *_: False)
    assert unjudged.diagnostics == (FINDING,)


@pytest.mark.parametrize(
    ("diagnostic", "subject"),
    [
        (Diagnostic(CODES[0], "x", path="spec.nodePools.train.driver.branch"), "Pool/train"),
        (Diagnostic(CODES[0], "x", path='spec.nodePools["a.b"]'), "Pool/a.b"),
        (Diagnostic(CODES[0], "x", subject="Node/gpu-07", evidence=(("pool", "train"),)), "Pool/train"),
        (Diagnostic(CODES[0], "x", subject="Node/gpu-07", evidence=(("pool", "train"),)), "Node/gpu-*"),
    ],
)
def test_pools_and_nodes_are_subjects(diagnostic: Diagnostic, subject: str) -> None:
    assert replace(WAIVER, subject=subject).matches(diagnostic)
    assert not replace(WAIVER, subject="Pool/other").matches(diagnostic)


def test_without_a_date_nothing_is_waived() -> None:
    assert NO_WAIVERS.standing([FINDING]) == [FINDING]
    assert Waivers((WAIVER,)).standing([FINDING]) == [FINDING]


def test_values_of_the_command_line_have_no_comments() -> None:
    text = "a: 1 # blueprint: waive BP6101 until 2027-03-31 -- r (o)"
    assert not Waivers(today=TODAY).with_comments({"<--set>": text}).entries
    once = Waivers(today=TODAY).with_comments({"a.yaml": text})
    assert len(once.entries) == 1
    assert once.with_comments({"a.yaml": text}) == once


NEVER = (
    "internal-error", "usage", "yaml-syntax", "unknown-key", "unknown-release", "unknown-product",
    "bundle-file-edited", "bundle-lock-edited", "output-differs", "stray-manifests", "registry-unreachable",
    "registry-unauthorised", "object-given-twice", "kubernetes-minor-unknown", "validation-rule-not-evaluated",
    "cluster-unreachable", "forbidden", "server-failing", "inventory-damaged", "stale-plan", "health-unknown",
    "not-written", "objects-unseen", "undecided-field", "nodes-unseen", "reading-missing", "reading-too-old",
    "node-status-unknown", "object-health-unknown", "nvml-not-found",
)  # fmt: skip


@pytest.mark.parametrize("slug", [*NEVER, *(code.slug for code in sorted(probe_codes.UNKNOWN, key=lambda c: c.id))])
def test_what_is_unknown_or_of_integrity_is_never_waived(slug: str) -> None:
    code = find_code(slug)
    assert code is not None
    assert refusal_of(code)


def test_the_refusals_name_codes_that_exist() -> None:
    known = {code.id for code in all_codes()}
    assert set(_SINGLE) <= known
    for first, last, _ in _RANGES:
        assert any(first <= code <= last for code in known)


def test_comments_are_not_compared_with_every_finding() -> None:
    """A file may have many of both."""

    def calls(number: int) -> int:
        places = [Span("app.yaml", line, 1, line, 5) for line in range(number)]
        entries = [Waiver(CODES[0], "reason", "owner", TODAY, at, line=at.line) for at in places]
        found = [Diagnostic(CODES[0], "message", at=at) for at in places]
        count, run = counted_calls(lambda: applied(found, entries))
        assert len(run.waived) == number
        return count

    calls(1)
    assert is_linear(*map(calls, (100, 200, 400)))


def test_findings_about_many_waivers_are_counted() -> None:
    places = [Span("app.yaml", line, 1, line, 5) for line in range(MOST_LISTED + 7)]
    run = applied([], [Waiver(CODES[0], "reason", "owner", TODAY, at, line=at.line) for at in places])
    assert len(run.diagnostics) == MOST_LISTED + 1
    assert run.diagnostics[-1].message == "app.yaml: 7 more findings of this kind, which are not listed"
