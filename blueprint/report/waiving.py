"""Applies waivers to a run: the one place where a finding that is waived stops to count."""

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
    """The run without its waived findings, and with what is to be said of the waivers.

    Args:
        run: What a phase found.
        waivers: Those of the file and of comments.
        is_judged: Whether the run, as it is with waivers, would have had a finding for a waiver if there was one.
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
