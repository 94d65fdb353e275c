"""References to ports that no container has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.check.rule_context import DescribedPod, RuleContext, items, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.wording import first_few

UNKNOWN = define("BP6158", "port-name-unknown", page=__file__, severity=Severity.WARNING)


def container_ports(container: Mapping[Any, Any]) -> set[str]:
    """The port names of a container."""
    return {str(each["name"]) for each in map(mapping, items(container.get("ports"))) if each.get("name")}


def pod_ports(pods: Iterable[DescribedPod]) -> set[str]:
    """The port names of all containers of some pods."""
    return {name for pod in pods for _, container in pod.containers for name in container_ports(container)}


def way_out(name: str, names: set[str], context: RuleContext) -> str:
    """The help for a port name that does not exist."""
    near = nearest(name, names)
    if near:
        return f"did you mean {near}?"
    return f"named ports: {first_few(sorted(names), 12)}" if names else "give a port of the container this name"
