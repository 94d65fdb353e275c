"""Services that select no pod, and ports that their pods do not have."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.ports import UNKNOWN, pod_ports, way_out
from blueprint.check.common.selected_pods import NOTHING, selected_pods, unmatched
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping, severity_across_files


@rule(NOTHING, tags=("network", "references"))
def selects_nothing(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Services whose selector matches no pod."""
    yield from unmatched(inside(subject.data, "spec", "selector"), ("spec", "selector"), subject, context)


@rule(UNKNOWN, tags=("network", "references"))
def target_ports(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Target ports that no selected pod has."""
    selector = mapping(inside(subject.data, "spec", "selector"))
    pods = selected_pods(selector, subject, context)
    names = pod_ports(pods)
    for index, port in enumerate(map(mapping, items(inside(subject.data, "spec", "ports")))) if pods else ():
        name = port.get("targetPort")
        if isinstance(name, str) and name not in names:
            path = ("spec", "ports", index, "targetPort")
            text = f"no port of a container of {pods[0].subject.id} is named {name}"
            override = severity_across_files(subject, pods[0].subject, context)
            yield ObjectFinding(UNKNOWN, path, text, way_out(name, names, context), override)


RULES = (selects_nothing, target_ports)
