"""ServiceMonitors that no Prometheus selects, Services in other namespaces, and ports that Services do not have."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.monitoring import NO_SUCH_PORT, NOT_SELECTED, OUT_OF_REACH, Targets, in_reach, unselected
from blueprint.check.common.operand_ports import wrong_ports
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping, severity_across_files
from blueprint.diagnostics import nearest


@rule(NOT_SELECTED, tags=("monitoring",))
def not_selected(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Monitors that no Prometheus selects."""
    if found := unselected("serviceMonitor", subject, context):
        why, help_ = found
        yield ObjectFinding(NOT_SELECTED, ("metadata",), f"no Prometheus selects this monitor: {why}", help_)


@rule(OUT_OF_REACH, tags=("monitoring",))
def out_of_reach(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Services that the monitor selects, in namespaces that it does not cover."""
    services = _services(subject, context)
    if services and not any(in_reach(each, subject) for each in services):
        text = f"it selects {services[0].id}, but only searches {subject.id.namespace or 'its own namespace'}"
        if inside(subject.data, "spec", "namespaceSelector"):
            text = f"it selects {services[0].id}, whose namespace spec.namespaceSelector does not include"
        help_ = f"namespaceSelector: {{matchNames: [{services[0].id.namespace}]}}"
        yield ObjectFinding(OUT_OF_REACH, ("spec", "namespaceSelector"), text, help_)


@rule(NO_SUCH_PORT, tags=("monitoring",))
def no_such_port(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Monitored ports that no selected Service has."""
    if not _services(subject, context):
        yield from wrong_ports(subject, "endpoints", of_pods=False)
    services = [each for each in _services(subject, context) if in_reach(each, subject)]
    names = sorted({
        str(port.get("name")) for each in services for port in map(mapping, items(inside(each.data, "spec", "ports")))
        if port.get("name")
    })  # fmt: skip
    for index, endpoint in enumerate(map(mapping, items(inside(subject.data, "spec", "endpoints")))):
        port = endpoint.get("port")
        if services and isinstance(port, str) and port not in names:
            near = nearest(port, names)
            text = f"no port of {services[0].id} is named {port}"
            help_ = f"did you mean {near}?" if near else f"named ports of the Service: {', '.join(names) or 'none'}"
            override = severity_across_files(subject, services[0], context)
            yield ObjectFinding(NO_SUCH_PORT, ("spec", "endpoints", index, "port"), text, help_, override)


def _services(subject: Object, context: RuleContext) -> list[Object]:
    """The Services among the objects that the monitor's selector matches, in any namespace."""
    selector = inside(subject.data, "spec", "selector")
    if not mapping(selector):
        return []
    return context.once(_by_labels).selected(selector, context)


def _by_labels(context: RuleContext) -> Targets[Object]:
    services = context.objects_of_kind("Service")
    return Targets((each, mapping(inside(each.data, "metadata", "labels"))) for each in services)


RULES = (not_selected, out_of_reach, no_such_port)
