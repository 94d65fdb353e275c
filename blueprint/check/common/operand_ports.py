"""Ports of Services and pods that the GPU Operator creates in the cluster, so that they are not among the objects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.catalog.components import ScrapedOperand
from blueprint.check.common.monitoring import NO_SUCH_PORT, matches
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import inside, items, mapping

_LABEL = "app"
"""The label that all operands have. Without it, the selector may be for something else."""


def wrong_ports(subject: Object, endpoints: str, *, of_pods: bool) -> Iterator[ObjectFinding]:
    """Ports of a monitor for an operand that the operand does not have.

    Args:
        subject: A ServiceMonitor or a PodMonitor whose selector matches none of the objects.
        endpoints: The field with its endpoints.
        of_pods: Whether it names ports of containers, and not of a Service.
    """
    operand = _operand(subject)
    if operand is None:
        return
    name = operand.container if of_pods else operand.port
    for index, endpoint in enumerate(map(mapping, items(inside(subject.data, "spec", endpoints)))):
        at: Path = ("spec", endpoints, index)
        what = "container" if of_pods else "Service"
        wanted = {"port": (name,), "portNumber": (operand.number,), "targetPort": (operand.container, operand.number)}
        for field, known in wanted.items():
            if field in endpoint and _is_port(endpoint[field]) and endpoint[field] not in known:
                text = f"no {what} of {operand.labels[_LABEL]} has the port {endpoint[field]}"
                help_ = f"the GPU Operator calls it {name}; its number is {operand.number}"
                yield ObjectFinding(NO_SUCH_PORT, (*at, field), text, help_)


def _is_port(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def _operand(subject: Object) -> ScrapedOperand | None:
    """The operand that a monitor selects by its name, in a namespace of the operator."""
    where = mapping(inside(subject.data, "spec", "namespaceSelector"))
    names = items(where.get("matchNames")) or [subject.id.namespace]
    selector = inside(subject.data, "spec", "selector")
    if _LABEL not in mapping(inside(selector, "matchLabels")):
        return None
    for component, operand in _operands():
        anywhere = where.get("any") is True or any(component in str(each) for each in names)
        if anywhere and matches(selector, operand.labels):
            return operand
    return None


@cache
def _operands() -> tuple[tuple[str, ScrapedOperand], ...]:
    """The operands of all components, each with the component, whose name is part of its namespace."""
    from blueprint.catalog.catalog import load_catalog  # takes a tenth of a second and is rarely needed

    catalog = load_catalog()
    found = filter(None, map(catalog.component, catalog.components))
    return tuple((component.name, operand) for component in found for operand in component.scraped)
