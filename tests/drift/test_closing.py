"""The closing sentence has correct numbers and grammar, and promises nothing that an apply cannot do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.drift.model import DriftReport, Finding, FindingKind, FoundIn, Remedy, Writer
from blueprint.drift.summary import verdict_of
from blueprint.records import replace
from blueprint.report.model import Coverage, Run
from blueprint.report.record import coverage_in_words

EDIT = Writer("kubectl-edit", "Update", "", "2026-11-29T10:00:00Z")


def report(*findings: Finding, **rest: object) -> DriftReport:
    return replace(DriftReport(findings, failed=any(f.is_drift for f in findings)), **rest)


def finding(kind: FindingKind, subject: str = "ConfigMap/a", writer: Writer | None = None, **rest: object) -> Finding:
    return replace(Finding(kind, subject, "data.x", declared="1", writer=writer), **rest)


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        (
            [finding(FindingKind.REMOVED)],
            "Drift: 1 difference in 1 object, from 1 cause. `blueprint apply` restores it.",
        ),
        (
            [finding(FindingKind.MODIFIED, writer=EDIT), finding(FindingKind.REMOVED, "ConfigMap/b")],
            "Drift: 2 differences in 2 objects, from 2 causes. `blueprint apply --force-conflicts` restores all 2.",
        ),
        (
            [finding(FindingKind.FOREIGN_ADDITION, writer=EDIT)],
            ("Drift: 1 difference in 1 object, from 1 cause. "
            "An apply restores none of it; 1 stays until you remove or declare it."),
        ),
        (
            [finding(FindingKind.REMOVED), finding(FindingKind.ORPHANED, "ConfigMap/b"),
             finding(FindingKind.POOL_SIZE, "NodePool/a"), finding(FindingKind.TERMINATING, "ConfigMap/c")],
            ("Drift: 4 differences in 4 objects, from 4 causes. `blueprint apply` restores 1 of 4; "
            "1 resolves itself, unless it is stuck; 1 concerns nodes, which an apply does not create; "
            "1 stays until you remove or declare it."),
        ),
        (
            [finding(FindingKind.MODIFIED, writer=EDIT, found_in=FoundIn.NODE, ended_by=Remedy.NODES)],
            ("Drift: 1 difference in 1 object, from 1 cause. "
            "An apply restores none of it; 1 concerns nodes, which an apply does not create."),
        ),
    ],
)  # fmt: skip
def test_the_sentence_says_what_an_apply_ends_and_what_it_does_not(findings: list[Finding], sentence: str) -> None:
    assert verdict_of(report(*findings)) == sentence


def test_lost_gpus_are_counted_and_no_apply_is_offered_for_them() -> None:
    assert verdict_of(report(failed=True, refuted={"gpu-1": 2, "gpu-2": 1})) == (
        "Drift: 3 contradictions in the readings of 2 nodes. "
        "An apply restores none of it; contradictions in readings must be repaired on the node."
    )


def test_findings_and_readings_are_reported_together() -> None:
    assert verdict_of(report(finding(FindingKind.REMOVED), refuted={"gpu-1": 1})) == (
        "Drift: 1 difference in 1 object, from 1 cause; 1 contradiction in the readings of 1 node. "
        "`blueprint apply` restores 1 of 2; contradictions in readings must be repaired on the node."
    )


def test_two_objects_that_one_client_changed_in_one_second_were_two_writes() -> None:
    changed = [finding(FindingKind.MODIFIED, f"ConfigMap/{name}", EDIT) for name in "ab"]
    twice = [finding(FindingKind.MODIFIED, "ConfigMap/a", EDIT, path=path) for path in ("data.x", "data.y")]

    assert "from 2 causes" in verdict_of(report(*changed))
    assert "2 differences in 1 object, from 1 cause" in verdict_of(report(*twice))


def test_what_is_unknown_is_not_a_difference_and_restored_by_nobody() -> None:
    seen = report(finding(FindingKind.REMOVED), finding(FindingKind.UNKNOWN, "ConfigMap/b"))

    assert verdict_of(seen) == "Drift: 1 difference in 1 object, from 1 cause. `blueprint apply` restores it."


@pytest.mark.parametrize(("number", "words"), [(1, "1 thing could"), (3, "3 things could")])
def test_unknown_things_are_counted_in_grammar(number: int, words: str) -> None:
    assert words in verdict_of(report(coverage=(Coverage("objects", 1, number),)))


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        (Coverage("objects", 0, 1), ["Examined: 0 objects.", "Unknown: 1 object."]),
        (Coverage("objects", 1, 2), ["Examined: 1 object.", "Unknown: 2 objects."]),
        (Coverage("pool nodes", 1, 1, "why"), ["Examined: 1 pool node.", "Unknown: 1 pool node (why)."]),
        (Coverage("records of what was applied", 0, 1),
         ["Examined: 0 records of what was applied.", "Unknown: 1 record of what was applied."]),
    ],
)  # fmt: skip
def test_coverage_is_counted_in_grammar(coverage: Coverage, said: list[str]) -> None:
    assert coverage_in_words(Run("drift", "", coverage=(coverage,))) == said


KINDS = st.sampled_from([kind for kind in FindingKind if kind is not FindingKind.UNKNOWN])


@given(kinds=st.lists(KINDS, min_size=1, max_size=8), readings=st.integers(0, 3))
def test_whatever_was_found_the_promise_is_exactly_the_restorable_ones(kinds: list[FindingKind], readings: int) -> None:
    findings = [finding(kind, f"ConfigMap/{number}") for number, kind in enumerate(kinds)]
    refuted = {"gpu-1": readings} if readings else {}
    restorable = sum(1 for each in findings if each.restorable)
    total = len(findings) + readings

    said = verdict_of(report(*findings, refuted=refuted))

    promise = re.search(r"restores (it|all (\d+)|(\d+) of (\d+))[.;]", said)
    if not restorable:
        assert promise is None
    else:
        assert promise
        numbers = {"it": (1, 1)}.get(promise[1]) or (int(promise[2] or promise[3]), int(promise[2] or promise[4]))
        assert numbers == (restorable, total)
