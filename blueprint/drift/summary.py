"""The closing sentence of a drift report: how much was found, and how much of it an apply resolves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from blueprint.drift.model import APPLY, TAKE_OVER, DriftReport, Finding, Remedy, act_of
from blueprint.wording import counted

_WORDS: Mapping[Remedy, tuple[str, str]] = {
    Remedy.REMOVE: ("1 stays until you remove or declare it", "{} stay until you remove or declare them"),
    Remedy.NODES: (
        "1 concerns nodes, which an apply does not create",
        "{} concern nodes, which an apply does not create",
    ),
    Remedy.REPAIR: ("1 needs a repair", "{} need a repair"),
    Remedy.WAIT: ("1 resolves itself, unless it is stuck", "{} resolve themselves, unless they are stuck"),
}


def verdict_of(report: DriftReport) -> str:
    """The result of a report in a few sentences. It promises nothing that an apply cannot do."""
    drifted = [finding for finding in report.findings if finding.is_drift]
    if report.failed:
        parts = [*_counted(drifted), *_refuted(report.refuted)]
        return " ".join([f"Drift: {'; '.join(parts)}." if parts else "Drift.", *_remedies(drifted, report.refuted)])
    passing = len({finding.subject for finding in report.findings if finding.passing})
    if report.unknown:
        things = counted(report.unknown, "thing")
        return f"Unknown: no drift was found, but {things} could not be examined."
    aside = f" {counted(passing, 'node')} {'comes or goes' if passing == 1 else 'come or go'}." if passing else ""
    return f"No drift: everything that was examined is as declared.{aside}"


def _counted(drifted: Sequence[Finding]) -> Iterator[str]:
    """The number of differences, of the things that they concern, and of the actions that caused them, as far as the
    API records them.
    """
    if drifted:
        counts = [
            (drifted, "difference"),
            ({f.subject for f in drifted}, "object"),
            (set(map(act_of, drifted)), "cause"),
        ]
        differences, objects, acts = (counted(len(things), noun) for things, noun in counts)
        yield f"{differences} in {objects}, from {acts}"


def _refuted(refuted: Mapping[str, int]) -> Iterator[str]:
    if refuted:
        yield f"{counted(sum(refuted.values()), 'contradiction')} in the readings of {counted(len(refuted), 'node')}"


def _remedies(drifted: Sequence[Finding], refuted: Mapping[str, int]) -> Iterator[str]:
    restorable = [finding for finding in drifted if finding.restorable]
    contested = [finding for finding in restorable if finding.contested]
    rest = Counter(finding.remedy for finding in drifted if not finding.restorable)
    remedies = [_WORDS[remedy][number > 1].format(number) for remedy, number in sorted(rest.items())]
    if refuted:
        remedies.append("contradictions in readings must be repaired on the node")
    if restorable:
        total = len(drifted) + sum(refuted.values())
        amount = f"{len(restorable)} of {total}" if len(restorable) < total else _all(total)
        remedies.insert(0, f"{_restoring(contested)} {amount}")
    elif remedies:
        remedies.insert(0, "an apply restores none of it")
    if remedies:
        text = "; ".join(remedies)
        yield f"{text[0].upper()}{text[1:]}."


def _restoring(contested: Sequence[Finding]) -> str:
    """How to restore the declared state without taking over more than was found: each finding's command names its
    field.
    """
    if not contested:
        return f"{APPLY} restores"
    return "the commands in the findings restore" if all(f.commands for f in contested) else f"{TAKE_OVER} restores"


def _all(number: int) -> str:
    return "it" if number == 1 else f"all {number}"
