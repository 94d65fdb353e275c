"""`--fail-on`: the lowest severity at which findings make a command fail."""

from __future__ import annotations

from blueprint.diagnostics import Severity
from blueprint.records import replace
from blueprint.report.model import Run

LEVELS = tuple(Severity)
_NOT_FAILED = (0, 3)


def failing(run: Run, level: str) -> Run:
    """The run, with exit code 1 if it has a finding of at least this severity."""
    counted = LEVELS[: LEVELS.index(Severity(level)) + 1]
    if run.exit_code not in _NOT_FAILED or not any(each.severity in counted for each in run.diagnostics):
        return run
    verdict = f"{run.verdict.removesuffix('.')}; fails on every {level} (--fail-on)".removeprefix("; ")
    return replace(run, exit_code=1, verdict=verdict)
