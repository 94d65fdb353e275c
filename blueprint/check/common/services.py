"""References to Services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.named_objects import missing, severity_beside
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

MISSING = define("BP6166", "service-missing", page=__file__, severity=Severity.WARNING)

_OF_RAY = ("-head-svc", "-serve-svc")
"""Services that KubeRay makes for its clusters."""


def service_missing(name: Any, path: Path, subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Report that no Service has the name at `path`."""
    if isinstance(name, str) and name and not name.endswith(_OF_RAY):
        there = context.named("", "Service", subject.id.namespace)
        text = f"{format_path(path, subject.data)} is {name}, but no Service among the objects has that name"
        beside = severity_beside(subject, ("", "Service"), context)
        if found := missing(MISSING, path, name, there, text, context, beside):
            yield found
