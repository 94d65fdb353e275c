"""Resources of the whole pod, in addition to those of its containers."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, mapping
from blueprint.diagnostics import define
from blueprint.source.paths import format_path

OF_CONTAINERS = define("BP6176", "resource-of-containers-alone", page=__file__)
_OF_PODS = ("cpu", "memory")


@rule(OF_CONTAINERS, tags=("scheduling",))
def of_containers(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Resources that are not supported at pod level: devices belong to a container."""
    for part in ("limits", "requests"):
        for name in mapping(inside(pod.spec, "resources", part)):
            if name not in _OF_PODS and not str(name).startswith("hugepages-"):
                at = (*pod.path, "resources", part, name)
                text = f"{format_path(at, pod.subject.data)}: only cpu, memory and huge pages can be set for a pod"
                yield ObjectFinding(OF_CONTAINERS, at, text, "set it in the resources of a container")


RULES = (of_containers,)
