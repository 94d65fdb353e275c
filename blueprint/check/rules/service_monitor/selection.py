"""ServiceMonitors that nobody selects, and ports that their Services do not have."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.monitoring import matches, selects
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define, nearest

NOT_SELECTED = define("BP6534", "monitor-not-selected", page=__file__, severity=Severity.WARNING)
NO_SUCH_PORT = define("BP6535", "monitor-port-unknown", page=__file__, severity=Severity.WARNING)


@rule(NOT_SELECTED, tags=("monitoring",))
def not_selected(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Monitors that none of the Prometheus objects selects."""
    servers = [*context.objects_of_kind("Prometheus"), *context.objects_of_kind("PrometheusAgent")]
    if servers and not any(selects(each, "serviceMonitor", subject, context) for each in servers):
        selector = mapping(servers[0].data.get("spec")).get("serviceMonitorSelector")
        text = f"no Prometheus selects this monitor: serviceMonitorSelector of {servers[0].id} is {selector}"
        yield ObjectFinding(NOT_SELECTED, ("metadata",), text, "add the labels that serviceMonitorSelector demands")


@rule(NO_SUCH_PORT, tags=("monitoring",))
def no_such_port(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Ports that no Service has which the monitor selects."""
    selector = inside(subject.data, "spec", "selector")
    if not mapping(selector):
        return
    services = [each for each in context.objects_of_kind("Service") if _in_reach(each, subject)]
    services = [each for each in services if matches(selector, mapping(inside(each.data, "metadata", "labels")))]
    names = sorted({
        str(port.get("name")) for each in services for port in map(mapping, items(inside(each.data, "spec", "ports")))
        if port.get("name")
    })  # fmt: skip
    for index, endpoint in enumerate(map(mapping, items(inside(subject.data, "spec", "endpoints")))):
        port = endpoint.get("port")
        if services and isinstance(port, str) and port not in names:
            near = nearest(port, names)
            text = f"no port of {services[0].id} has the name {port}"
            help_ = (
                f"did you mean {near}?"
                if near
                else f"port is the name of a Service's port: {', '.join(names) or 'it has none'}"
            )
            yield ObjectFinding(NO_SUCH_PORT, ("spec", "endpoints", index, "port"), text, help_)


def _in_reach(service: Object, monitor: Object) -> bool:
    where = mapping(inside(monitor.data, "spec", "namespaceSelector"))
    names = items(where.get("matchNames")) or [monitor.id.namespace]
    return where.get("any") is True or service.id.namespace in names


RULES = (not_selected, no_such_port)
