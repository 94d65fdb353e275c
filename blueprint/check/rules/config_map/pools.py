"""Files of the MIG manager and the device plugin, compared with the layouts and sharing of the pools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.pools import PARTITION_CHANGED
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import PoolOffer, RuleContext, by_hand, inside, items, mapping
from blueprint.check.rules.config_map.operands import PLUGIN_CONFIG
from blueprint.diagnostics import Refused
from blueprint.source.loader import load_text

_MIG_KEY = "config.yaml"


@rule(PARTITION_CHANGED, tags=("operator", "mig"), needs=(Capability.POOLS,))
def layouts(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A layout that differs from the pool's."""
    if not _read_by(subject, context, "migManager") or not by_hand(subject, "data", _MIG_KEY):
        return
    configs = mapping(_parsed(subject, _MIG_KEY).get("mig-configs"))
    for pool in context.pools:
        if pool.mig_layout and pool.mig_config in configs:
            found, wanted = (_layout(each, pool) for each in (configs[pool.mig_config], pool.mig_layout))
            if found != wanted:
                text = f"data.{_MIG_KEY}: {pool.mig_config} is not the layout that pool {pool.name} declares"
                yield ObjectFinding(PARTITION_CHANGED, ("data", _MIG_KEY), text, "change gpu.mig in the pool instead")


@rule(PARTITION_CHANGED, tags=("operator", "mig"), needs=(Capability.POOLS,))
def shares(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Sharing settings that differ from the pool's."""
    for pool in context.pools if _read_by(subject, context, "devicePlugin") else ():
        key = pool.plugin_config
        written = bool(key) and key in mapping(subject.data.get("data")) and by_hand(subject, "data", str(key))
        found = _parsed(subject, str(key)).get("sharing") if written else None
        if pool.sharing and written and _sharing(found) != _sharing(pool.sharing):
            text = f"data.{key}: sharing is not what pool {pool.name} declares"
            yield ObjectFinding(PARTITION_CHANGED, ("data", str(key)), text, "change gpu.sharing in the pool instead")


@rule(PLUGIN_CONFIG, tags=("operator", "mps"), needs=(Capability.POOLS,))
def clients(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """More clients than MPS has on the GPUs of a pool whose device plugin reads the file."""
    default = context.cluster_policy_value("devicePlugin", "config", "default")
    for pool in context.pools if _read_by(subject, context, "devicePlugin") else ():
        key = str(pool.plugin_config or default)
        if not pool.mps_clients or not by_hand(subject, "data", key):
            continue
        for index, each in enumerate(items(inside(_parsed(subject, key), "sharing", "mps", "resources"))):
            replicas = mapping(each).get("replicas")
            if isinstance(replicas, int) and replicas > pool.mps_clients:
                what = f"MPS has at most {pool.mps_clients} clients on the GPUs of pool {pool.name}"
                text = f"data.{key}: sharing.mps.resources[{index}].replicas is {replicas}, but {what}"
                yield ObjectFinding(
                    PLUGIN_CONFIG, ("data", key), text, f"set at most {pool.mps_clients}, or use timeSlicing"
                )


def _read_by(subject: Object, context: RuleContext, operand: str) -> bool:
    name = context.cluster_policy_value(operand, "config", "name")
    return subject.id.name == name and subject.id.namespace == context.operator_namespace


def _parsed(subject: Object, key: str) -> Mapping[Any, Any]:
    text = inside(subject.data, "data", key)
    try:
        return mapping(load_text(text if isinstance(text, str) else "", "configuration").data)
    except Refused:
        return {}


def _layout(entries: Any, pool: PoolOffer) -> frozenset[tuple[str, frozenset[str]]]:
    """A layout independent of the order of its entries; equivalent entries count as one."""
    alike: dict[str, set[str]] = {}
    for entry in map(mapping, items(entries)):
        devices = range(pool.gpus) if entry.get("devices") == "all" else items(entry.get("devices"))
        profiles = sorted(map(str, mapping(entry.get("mig-devices")).items()))
        filters = entry.get("device-filter")
        key = str((items(filters) or [filters], entry.get("mig-enabled"), profiles))
        alike.setdefault(key, set()).update(map(str, devices))
    return frozenset((key, frozenset(devices)) for key, devices in alike.items())


def _sharing(section: Any) -> dict[str, tuple[bool, list[str]]]:
    """How each resource is shared, including the device plugin's defaults: by strategy, whether it is renamed, and the
    names and numbers.
    """
    return {
        way: (
            inside(value, "renameByDefault") or False,
            sorted(str((inside(each, "name"), inside(each, "replicas"))) for each in items(inside(value, "resources"))),
        )
        for way, value in mapping(section).items()
    }


RULES = (layouts, shares, clients)
