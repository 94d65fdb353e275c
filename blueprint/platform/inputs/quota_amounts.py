"""The sources of quota amounts without a resource: `train: {guaranteed: 64}` refers to GPUs."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.inputs.instance_types import Known
from blueprint.platform.tracking.tracked import Origins
from blueprint.source.merge import Node
from blueprint.source.paths import Path
from blueprint.spec.tenants import AMOUNT_KEYS

_SECTIONS = ("tenants", "plans")


def known_amounts(root: Node) -> Known:
    """The sources of quota amounts in short form, by the path at which they are read."""
    origins = Origins(root)
    return {
        (*path, "gpu", key): (origins.source((*path, key)),)
        for path, amounts in _quotas(root)
        if isinstance(amounts.value, dict) and amounts.value.keys() <= AMOUNT_KEYS
        for key in amounts.value
    }


def _quotas(root: Node) -> Iterator[tuple[Path, Node]]:
    """The declared quotas for each pool."""
    for section in _SECTIONS:
        for name, declared in _children(root.get(("spec", section))):
            for pool, amounts in _children(declared.value.get("quota") if isinstance(declared.value, dict) else None):
                yield ("spec", section, name, "quota", pool), amounts


def _children(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is not None and isinstance(node.value, dict):
        yield from node.value.items()
