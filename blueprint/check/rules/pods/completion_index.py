"""The index of a pod in a Job whose pods have none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

NO_INDEX = define("BP6177", "index-of-a-plain-job", page=__file__, severity=Severity.WARNING)
_VARIABLE = "JOB_COMPLETION_INDEX"
_USED = lazy_pattern(r"\$(?:\(JOB_COMPLETION_INDEX\)|\{JOB_COMPLETION_INDEX\}|JOB_COMPLETION_INDEX\b)")
"""With a value for where it is not set (`${JOB_COMPLETION_INDEX:-0}`) a script runs in both sorts of Jobs."""
_ANNOTATION = "batch.kubernetes.io/job-completion-index"
_SPECS = {"Job": ("spec",), "CronJob": ("spec", "jobTemplate", "spec")}


@rule(NO_INDEX, tags=("scheduling",))
def index(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """An index for pods of a Job that is not Indexed."""
    subject = pod.subject
    if subject.id.group != "batch" or inside(subject.data, *_SPECS[subject.id.kind], "completionMode") == "Indexed":
        return
    for path, container in pod.containers:
        if used := next(_uses(container), None):
            at = (*path, *used)
            text = f"{format_path(at, subject.data)} needs the pod's index, which only pods of an Indexed Job have"
            yield ObjectFinding(NO_INDEX, at, text, "set completionMode: Indexed, and completions")


def _uses(container: Mapping[str, Any]) -> Iterator[Path]:
    """The fields of a container that need the index, which it does not set itself."""
    variables = list(map(mapping, items(container.get("env"))))
    if any(each.get("name") == _VARIABLE and "value" in each for each in variables):
        return
    for field in ("command", "args"):
        for number, each in enumerate(items(container.get(field))):
            if isinstance(each, str) and _USED.search(each):
                yield (field, number)
    for number, each in enumerate(variables):
        if _USED.search(str(each.get("value", ""))):
            yield ("env", number, "value")
        if _ANNOTATION in str(inside(each, "valueFrom", "fieldRef", "fieldPath")):
            yield ("env", number, "valueFrom", "fieldRef", "fieldPath")


RULES = (index,)
