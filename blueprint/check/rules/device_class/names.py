"""Extended resources of DeviceClasses."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import define

RESOURCE_OF_TWO_CLASSES = define("BP6401", "resource-of-two-classes", page=__file__)
_PATH = ("spec", "extendedResourceName")


@rule(RESOURCE_OF_TWO_CLASSES, tags=("dra",))
def twice(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A class for an extended resource that an earlier class already maps."""
    name = inside(subject.data, *_PATH)
    for other in context.objects_of_kind("DeviceClass"):
        if other is subject:
            return
        if name and inside(other.data, *_PATH) == name:
            text = f"spec.extendedResourceName is {name}, which {other.id.name} already maps"
            yield ObjectFinding(RESOURCE_OF_TWO_CLASSES, _PATH, text, "keep it in one of them")


RULES = (twice,)
