"""The pods of Jobs, including those in the template of a CronJob."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import inside
from blueprint.diagnostics import Severity, define
from blueprint.units import as_count
from blueprint.wording import counted

BEYOND_COMPLETIONS = define("BP6159", "parallelism-above-completions", page=__file__, severity=Severity.WARNING)


def beyond_completions(subject: Object, *spec: str) -> Iterator[ObjectFinding]:
    """Report that a Job never runs as many pods as it declares; `spec` is the path of its specification."""
    wanted = inside(subject.data, *spec, "parallelism")
    most = inside(subject.data, *spec, "completions")
    number, limit = as_count(wanted), as_count(most)
    if number is not None and limit is not None and number > limit:
        path: Path = (*spec, "parallelism")
        text = f"{'.'.join(spec)}.parallelism is {number}, but the Job ends after {counted(limit, 'completion')}"
        help_ = f"set completions: {number}, or parallelism: {limit}"
        yield ObjectFinding(BEYOND_COMPLETIONS, path, text, help_)
