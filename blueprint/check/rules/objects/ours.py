"""Metadata with which this tool marks its objects."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, by_hand, mapping
from blueprint.diagnostics import define

MARK_OF_THE_TOOL = define("BP6132", "reserved-metadata", page=__file__)
_OURS = ("applyset.kubernetes.io/", "gpublueprint.dev/")


@rule(MARK_OF_THE_TOOL, needs=(Capability.BLUEPRINT,))
def marks(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels and annotations in users' manifests that are reserved for this tool."""
    metadata = mapping(subject.data.get("metadata"))
    for field in ("labels", "annotations"):
        for key in mapping(metadata.get(field)):
            if str(key).startswith(_OURS) and by_hand(subject, "metadata", field, key):
                text = f"metadata.{field} contains {key}, which is reserved for this tool"
                yield ObjectFinding(MARK_OF_THE_TOOL, ("metadata", field, key), text, "use another name")


RULES = (marks,)
