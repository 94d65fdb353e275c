"""Node labels and resources that RuntimeClasses of pools require. Others set them in a cluster, and the lab sets them
instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from blueprint.bundle.model import Bundle
from blueprint.records import Record

_OF_NODES = ("cpu", "memory", "ephemeral-storage")
_PLENTY = 500
"""An amount of an extended resource that no trial exceeds."""


class RuntimeDemands(Record):
    """Labels and resources that pods of RuntimeClasses need on nodes, by pool."""

    labels: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    resources: Mapping[str, Mapping[str, int]] = MappingProxyType({})

    @property
    def names(self) -> list[str]:
        """All labels and resources."""
        groups = (*self.labels.values(), *self.resources.values())
        return sorted({name for group in groups for name in group})


def demands_of(bundle: Bundle, classes: Mapping[str, str]) -> RuntimeDemands:
    """The requirements of each pool's RuntimeClass, if the bundle contains it."""
    found = {obj.id.name: obj.data for obj in bundle.objects if obj.id.kind == "RuntimeClass"}
    used = {pool: found[name] for pool, name in classes.items() if name in found}
    selectors = {pool.name: pool.selector for pool in bundle.pools}
    labels = {pool: _labels(data, selectors[pool]) for pool, data in used.items()}
    return RuntimeDemands(labels, {pool: _resources(data) for pool, data in used.items()})


def _labels(data: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, str]:
    selector: Mapping[str, str] = (data.get("scheduling") or {}).get("nodeSelector") or {}
    return {key: value for key, value in selector.items() if key not in own}


def _resources(data: Mapping[str, Any]) -> dict[str, int]:
    overhead: Mapping[str, Any] = (data.get("overhead") or {}).get("podFixed") or {}
    return {name: _PLENTY for name in overhead if name not in _OF_NODES}
