"""The configuration file of the MIG manager."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from blueprint.check.rule_context import items, mapping

SPEAKS_OF_MIG = re.compile(r"^mig-configs:", re.MULTILINE)
_ENTRY = {"device-filter", "devices", "mig-enabled", "mig-devices"}
_PROFILE = re.compile(r"([0-9]c\.)?[0-9]g\.[0-9]+gb([-+][a-z]+(\.[a-z]+)?)?")
RULES = ()


def faults(config: Mapping[Any, Any], wanted: Collection[str]) -> Iterator[str]:
    """All errors in the file; `wanted` are the configuration names in node labels."""
    configs = config.get("mig-configs")
    if config.get("version") != "v1":
        yield f"version must be v1, not {config.get('version', 'missing')}"
    if not isinstance(configs, Mapping):
        yield "mig-configs must be a mapping of names to lists"
        return
    for name in sorted(set(wanted) - set(configs)):
        yield f"mig-configs has no entry {name}, which the label nvidia.com/mig.config of a pool refers to"
    for name, entries in configs.items():
        for index, entry in enumerate(items(entries)):
            yield from _entry(f"mig-configs.{name}[{index}]", mapping(entry))


def _entry(at: str, entry: Mapping[Any, Any]) -> Iterator[str]:
    for key in entry:
        if key not in _ENTRY:
            yield f"{at}.{key} is ignored"
    if type(entry.get("mig-enabled")) is not bool:
        yield f"{at}.mig-enabled must be true or false"
    devices = mapping(entry.get("mig-devices"))
    if entry.get("mig-enabled") is False and devices:
        yield f"{at} has mig-devices, but mig-enabled is false"
    for profile, count in devices.items():
        if not _PROFILE.fullmatch(str(profile)) or type(count) is not int or count < 1:
            yield f"{at}.mig-devices: {profile}: {count} is not a profile and a count"
