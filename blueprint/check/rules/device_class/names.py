"""Extended resources of DeviceClasses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    first = context.once(_by_resource)[str(name)]
    if name and first is not subject:
        text = f"spec.extendedResourceName is {name}, which {first.id.name} already maps"
        yield ObjectFinding(RESOURCE_OF_TWO_CLASSES, _PATH, text, "keep it in one of them")


def _by_resource(context: RuleContext) -> Mapping[str, Object]:
    """The first class for each resource."""
    found: dict[str, Object] = {}
    for each in context.objects_of_kind("DeviceClass"):
        found.setdefault(str(inside(each.data, *_PATH)), each)
    return found


RULES = (twice,)
