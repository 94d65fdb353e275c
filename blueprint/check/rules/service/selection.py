"""Services that select no pod, and ports that their pods do not have."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.exporters import EXPORTER_ADDRESS, port_of
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


@rule(EXPORTER_ADDRESS, tags=("network", "monitoring"))
def exporter_port(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A number of a port on which dcgm-exporter, alone in its pods, does not listen."""
    pods = selected_pods(mapping(inside(subject.data, "spec", "selector")), subject, context)
    listening = {port_of(container, path) for pod in pods for path, container in pod.containers}
    if len(listening) != 1 or (known := listening.pop()) is None:
        return
    for index, each in enumerate(map(mapping, items(inside(subject.data, "spec", "ports")))):
        key = "targetPort" if "targetPort" in each else "port"
        if isinstance(each.get(key), int) and str(each[key]) != known:
            text = f"spec.ports[{index}].{key} is {each[key]}, but dcgm-exporter listens on port {known}"
            override = severity_across_files(subject, pods[0].subject, context)
            yield ObjectFinding(EXPORTER_ADDRESS, ("spec", "ports", index, key), text, f"targetPort: {known}", override)


RULES = (selects_nothing, target_ports, exporter_port)
