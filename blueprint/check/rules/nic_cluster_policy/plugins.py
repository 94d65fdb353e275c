"""Device plugin configurations, which are JSON in a string, and tolerations."""

from __future__ import annotations

import json
from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.operand_taints import OPERANDS_REPELLED, repelled
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside, items
from blueprint.diagnostics import define

UNREADABLE = define("BP6584", "network-plugin-config", page=__file__)
_ALWAYS_TOLERATED = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
"""What every DaemonSet of the operator tolerates (Mellanox network-operator, manifests/state-*)."""
_LISTS = {"rdmaSharedDevicePlugin": "configList", "sriovDevicePlugin": "resourceList"}


@rule(UNREADABLE, tags=("network",))
def configs(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Configurations that are not valid JSON, or have no list of resources."""
    for plugin, key in _LISTS.items():
        path = ("spec", plugin, "config")
        text = inside(subject.data, *path)
        if not isinstance(text, str) or not text.strip():
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield ObjectFinding(UNREADABLE, path, f"spec.{plugin}.config is not JSON: {error}", f'{{"{key}": [...]}}')
            continue
        if not isinstance(data, dict) or not isinstance(data.get(key), list):
            there = ", ".join(map(str, data)) if isinstance(data, dict) and data else "nothing else"
            text = f"spec.{plugin}.config has no list {key}, which the plugin requires; it has {there}"
            yield ObjectFinding(UNREADABLE, path, text, f'{{"{key}": [...]}}')


@rule(OPERANDS_REPELLED, tags=("network",), needs=(Capability.POOLS,))
def tolerations(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A pool's taint that the DaemonSets of the network operator do not tolerate, if they are for all nodes."""
    path = ("spec", "tolerations")
    if not inside(subject.data, "spec", "nodeAffinity"):
        given = [*items(inside(subject.data, *path)), _ALWAYS_TOLERATED]
        yield from repelled(given, path, "the network operator", context)


RULES = (configs, tolerations)
