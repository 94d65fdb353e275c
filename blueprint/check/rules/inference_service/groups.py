"""The group of InferenceServices."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import Severity, define

GROUP_GONE = define("BP6180", "kfserving-api-gone", page=__file__, severity=Severity.WARNING)


@rule(GROUP_GONE, tags=("serving",))
def group_gone(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """InferenceServices of a group that KServe no longer has, unless its definition is among the objects."""
    definitions = context.objects_of_kind("CustomResourceDefinition")
    if not any(inside(each.data, "spec", "group") == subject.id.group for each in definitions):
        text = f"{subject.api_version} is the API of KFServing; KServe serves serving.kserve.io since 0.7"
        yield ObjectFinding(GROUP_GONE, ("apiVersion",), text, "serving.kserve.io/v1beta1")


RULES = (group_gone,)
