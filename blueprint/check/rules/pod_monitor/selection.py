"""PodMonitors that no Prometheus selects, pods in other namespaces, and ports that containers do not have."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.containers import pod_metadata
from blueprint.check.common.monitoring import NO_SUCH_PORT, NOT_SELECTED, OUT_OF_REACH, Targets, in_reach, unselected
from blueprint.check.common.operand_ports import wrong_ports
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import nearest


@rule(NOT_SELECTED, tags=("monitoring",))
def not_selected(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Monitors that no Prometheus selects."""
    if found := unselected("podMonitor", subject, context):
        why, help_ = found
        yield ObjectFinding(NOT_SELECTED, ("metadata",), f"no Prometheus selects this monitor: {why}", help_)


@rule(OUT_OF_REACH, tags=("monitoring",))
def out_of_reach(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Pods that the monitor selects, in namespaces that it does not cover."""
    pods = _pods(subject, context)
    if pods and not any(in_reach(each.subject, subject) for each in pods):
        there = pods[0].subject.id
        text = f"it selects the pods of {there}, but not the namespace {there.namespace}"
        help_ = f"namespaceSelector: {{matchNames: [{there.namespace}]}}"
        yield ObjectFinding(OUT_OF_REACH, ("spec", "namespaceSelector"), text, help_)


@rule(NO_SUCH_PORT, tags=("monitoring",))
def no_such_port(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Ports that none of the selected containers has."""
    if not _pods(subject, context):
        yield from wrong_ports(subject, "podMetricsEndpoints", of_pods=True)
    pods = [each for each in _pods(subject, context) if in_reach(each.subject, subject)]
    names = sorted({name for pod in pods for name in _ports(pod)})
    for index, endpoint in enumerate(map(mapping, items(inside(subject.data, "spec", "podMetricsEndpoints")))):
        port = endpoint.get("port")
        if pods and isinstance(port, str) and port not in names:
            near = nearest(port, names)
            text = f"no container of {pods[0].subject.id} has a port named {port}"
            named = f"named container ports: {', '.join(names) or 'none'}"
            help_ = f"did you mean {near}?" if near else named
            yield ObjectFinding(NO_SUCH_PORT, ("spec", "podMetricsEndpoints", index, "port"), text, help_)


def _pods(subject: Object, context: RuleContext) -> list[DescribedPod]:
    """The pods that the monitor's selector matches, in any namespace."""
    selector = inside(subject.data, "spec", "selector")
    if not mapping(selector):
        return []
    return context.once(_by_labels).selected(selector, context)


def _by_labels(context: RuleContext) -> Targets[DescribedPod]:
    return Targets((each, mapping(pod_metadata(each).get("labels"))) for each in context.pods)


def _ports(pod: DescribedPod) -> Iterator[str]:
    for _, container in pod.containers:
        for port in map(mapping, items(container.get("ports"))):
            if isinstance(name := port.get("name"), str):
                yield name


RULES = (not_selected, out_of_reach, no_such_port)
