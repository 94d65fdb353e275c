"""A trial as a run for reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from blueprint.bundle.model import Bundle
from blueprint.diagnostics import Diagnostic, has_errors
from blueprint.lab import codes
from blueprint.lab.trial.model import Placement, TrialResult, WorkloadOutcome
from blueprint.lab.trial.surroundings import nodes_in_words, simulated_in_words
from blueprint.report.model import Coverage, PlacedWorkload, Run
from blueprint.wording import counted

_UNKNOWN = 3


def trial_run(bundle: Bundle, result: TrialResult, server: str, texts: Mapping[str, str]) -> Run:
    """The result of trying a bundle. Exit code 1 if something is not as expected, 3 if something is undecided."""
    unexpected = [each.finding for each in result.placements if each.finding and not each.expected]
    found = (*result.findings, *unexpected)
    undecided = sum(each.outcome is WorkloadOutcome.UNDECIDED for each in result.placements)
    return Run(
        "lab",
        f"{bundle.name} {bundle.version} in a lab: {simulated_in_words(result.nodes)} ({nodes_in_words(result.nodes)})",
        diagnostics=found,
        coverage=(Coverage("workloads", len(result.placements) - undecided, undecided),),
        out_of_scope=tuple(map(str, result.left_out)),
        placements=tuple(map(_as_reported, result.placements)),
        subject={"blueprint": bundle.name, "bundle": bundle.digest, "kubernetes": server, **_engines(result)},
        verdict=_verdict(result.placements),
        exit_code=_exit_code(found, undecided),
        texts={**bundle.texts, **texts},
    )


def _engines(result: TrialResult) -> dict[str, str]:
    """The queueing engines that ran, as keys of a report."""
    return {title.lower(): version for title, version in result.engines.items()}


def _exit_code(found: Iterable[Diagnostic], undecided: int) -> int:
    found = tuple(found)
    if has_errors(found):
        return 1
    return _UNKNOWN if undecided or any(each.code is codes.UNDECIDED for each in found) else 0


def _verdict(placements: Iterable[Placement]) -> str:
    placements = tuple(placements)
    right = sum(each.expected for each in placements)
    wrong = len(placements) - right
    summary = f"{right} of {counted(len(placements), 'workload')} as expected (simulated)"
    return summary if wrong else f"{summary}; nothing here ran"


def _as_reported(placement: Placement) -> PlacedWorkload:
    workload, finding = placement.workload, placement.finding
    reasons: tuple[str, ...] = (placement.decision.in_words(),) if placement.decision else ()
    if placement.outcome is WorkloadOutcome.PLACED and workload.stood_in:
        reasons += (
            f"the lab created its pods from its templates: no controller of a {workload.object.id.kind} runs here",
        )
    if finding and placement.outcome is not WorkloadOutcome.WAITS:
        reasons += (finding.message.partition(" is not placed: ")[2] or finding.message,)
        reasons += tuple(note.message for note in finding.notes)
    return PlacedWorkload(
        workload=str(workload.object.id),
        requests=placement.requests,
        pods=placement.pods,
        nodes=dict(sorted(placement.nodes.items())),
        outcome=placement.outcome.value,
        expected=placement.expected,
        reasons=reasons,
    )
