"""Applies waivers to a run: the only place where a waived finding stops counting."""

from __future__ import annotations

from collections.abc import Callable

from blueprint.diagnostics import has_errors
from blueprint.diagnostics.listing import listed
from blueprint.records import replace
from blueprint.report.model import Run
from blueprint.waivers.engine import Waivers, unused_note
from blueprint.waivers.model import Waiver

_FINDINGS = 1
_LESS_THAN_FINDINGS = (0, 3)


def with_waivers(run: Run, waivers: Waivers, is_judged: Callable[[Waiver, Run], bool]) -> Run:
    """The run without its waived findings, and with diagnostics about the waivers.

    Args:
        run: The findings of a phase.
        waivers: The waivers in the file and in comments.
        is_judged: Whether the run got far enough to report a finding that the waiver would match.
    """
    judgement = waivers.judge(run.diagnostics)
    waived = {each.diagnostic for each in judgement.waived}
    verdict, exit_code = run.verdict, run.exit_code
    if waived and run.reassess:
        verdict, exit_code = run.reassess([n for n, each in enumerate(run.diagnostics) if each in waived])
    remarks = [*waivers.problems, *judgement.remarks]
    if has_errors(remarks) and exit_code in _LESS_THAN_FINDINGS:
        exit_code = _FINDINGS
    assessed = replace(run, verdict=verdict, exit_code=exit_code)
    remarks += [unused_note(waiver) for waiver in judgement.unused if is_judged(waiver, assessed)]
    return replace(assessed, diagnostics=(*judgement.standing, *listed(remarks)), waived=judgement.waived)
