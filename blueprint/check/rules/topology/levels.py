"""Levels of a topology."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.kueue import GROUP
from blueprint.check.common.kueue_versions import other_version
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

TOPOLOGY_LEVELS = define("BP6552", "topology-order", page=__file__)
_HOSTNAME = "kubernetes.io/hostname"


@rule(TOPOLOGY_LEVELS, tags=("kueue", "kai", "topology"))
def levels(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Levels that are listed twice, and nodes above other levels."""
    labels = [mapping(each).get("nodeLabel") for each in items(inside(subject.data, "spec", "levels"))]
    for index, label in enumerate(labels):
        path = ("spec", "levels", index, "nodeLabel")
        if label is not None and label in labels[:index]:
            text = f"{format_path(path, subject.data)}: the level {label} is already listed"
            yield ObjectFinding(TOPOLOGY_LEVELS, path, text, "list each level once, from the widest to the node")
        elif label == _HOSTNAME and index < len(labels) - 1:
            text = f"{format_path(path, subject.data)}: {labels[-1]} comes after the node, which must be last"
            yield ObjectFinding(TOPOLOGY_LEVELS, path, text, f"make {_HOSTNAME} the last level")
    if labels and subject.id.group == GROUP and _HOSTNAME not in labels:
        path = ("spec", "levels", len(labels) - 1, "nodeLabel")
        text = (
            f"{format_path(path, subject.data)}: the last level is {labels[-1]}, so Kueue does not replace failed nodes"
        )
        yield ObjectFinding(TOPOLOGY_LEVELS, path, text, f"add {_HOSTNAME} as the last level", Severity.NOTE)


RULES = (levels, other_version)
