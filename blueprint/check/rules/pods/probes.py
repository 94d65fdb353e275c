"""Probes for ports that the container does not have."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.ports import UNKNOWN, container_ports, way_out
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping
from blueprint.source.paths import format_path

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_BY_PORT = ("httpGet", "tcpSocket")


@rule(UNKNOWN, tags=("reliability",))
def ports(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Probes for a port name that the container does not define."""
    for path, container in pod.containers:
        for probe in (each for each in _PROBES if each in container):
            for action in _BY_PORT:
                name = mapping(mapping(container[probe]).get(action)).get("port")
                names = container_ports(container)
                if isinstance(name, str) and name not in names:
                    at = (*path, probe, action, "port")
                    text = f"{format_path(at, pod.subject.data)}: no port of this container is named {name}"
                    yield ObjectFinding(UNKNOWN, at, text, way_out(name, names, context))


RULES = (ports,)
