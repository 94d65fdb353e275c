"""The command of a container and its GPUs, read from its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.rule_context import DescribedPod, inside, items, mapping
from blueprint.units import as_count

GPU = "nvidia.com/gpu"
MIG = "nvidia.com/mig-"


def command_line(container: Mapping[str, Any]) -> str:
    """Command and arguments as one string."""
    return " ".join(
        each for field in ("command", "args") for each in items(container.get(field)) if isinstance(each, str)
    )


def limit(container: Mapping[str, Any], resource: str) -> int:
    """The container's limit for a resource; 0 if it is not an integer."""
    return as_count(mapping(inside(container, "resources", "limits")).get(resource, 0)) or 0


def mig_limits(container: Mapping[str, Any]) -> dict[str, int]:
    """The container's limits for MIG devices, by resource."""
    names = [name for name in mapping(inside(container, "resources", "limits")) if str(name).startswith(MIG)]
    return {name: limit(container, name) for name in names}


def literal_env(container: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str, str]]:
    """Variables with a literal value: the path of the value, the name, the value."""
    for index, each in enumerate(map(mapping, items(container.get("env")))):
        name, value = each.get("name"), each.get("value", "")
        if isinstance(name, str) and isinstance(value, str) and "valueFrom" not in each:
            yield (*path, "env", index, "value" if "value" in each else "name"), name, value


def pod_metadata(pod: DescribedPod) -> Mapping[str, Any]:
    """Labels and annotations of the pod itself, which are next to its specification."""
    return pod.metadata
