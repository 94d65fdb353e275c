"""The configuration file of the MIG manager."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.common.inner_files import FileFault
from blueprint.check.rule_context import items, mapping
from blueprint.patterns import lazy_pattern

SPEAKS_OF_MIG = lazy_pattern(r"^mig-configs:", re.MULTILINE)
_TOP = {"version", "mig-configs"}
_ENTRY = {"device-filter", "devices", "mig-enabled", "mig-devices"}
_PROFILE = lazy_pattern(r"([0-9]c\.)?[0-9]g\.[0-9]+gb([-+][a-z]+(\.[a-z]+)?)?")
RULES = ()


def faults(config: Mapping[Any, Any], wanted: Collection[str]) -> Iterator[FileFault]:
    """All errors in the file; `wanted` are the configuration names in node labels."""
    configs = config.get("mig-configs")
    if config.get("version") != "v1":
        yield FileFault(("version",), f"version must be v1, not {config.get('version', 'missing')}")
    for key in config:
        if key not in _TOP:
            yield FileFault((key,), f"mig-parted rejects the file because of the unknown key {key}")
    if not isinstance(configs, Mapping) or not configs:
        yield FileFault(("mig-configs",), "mig-configs must be a mapping of names to lists")
        return
    for name in sorted(set(wanted) - set(configs)):
        text = f"mig-configs has no entry {name}, which the label nvidia.com/mig.config of a pool refers to"
        yield FileFault(("mig-configs",), text)
    for name, entries in configs.items():
        if not items(entries):
            yield FileFault(("mig-configs", name), f"mig-configs.{name} must be a list with at least one entry")
        for index, entry in enumerate(items(entries)):
            yield from _entry(("mig-configs", name, index), f"mig-configs.{name}[{index}]", mapping(entry))


def _entry(path: Path, at: str, entry: Mapping[Any, Any]) -> Iterator[FileFault]:
    for key in entry:
        if key not in _ENTRY:
            yield FileFault((*path, key), f"{at}: mig-parted rejects the file because of the unknown key {key}")
    which, enabled, devices = entry.get("devices"), entry.get("mig-enabled"), mapping(entry.get("mig-devices"))
    if which != "all" and not (isinstance(which, list) and all(type(each) is int for each in which)):
        yield FileFault((*path, "devices"), f"{at}.devices must be all or a list of GPU indexes")
    if type(enabled) is not bool:
        yield FileFault((*path, "mig-enabled"), f"{at}.mig-enabled must be true or false")
    if enabled is True and entry.get("mig-devices") is None:
        yield FileFault((*path, "mig-enabled"), f"{at} has no mig-devices, although mig-enabled is true")
    if enabled is False and devices:
        yield FileFault((*path, "mig-devices"), f"{at} has mig-devices, but mig-enabled is false")
    for profile, count in devices.items():
        if not _PROFILE.fullmatch(str(profile)) or type(count) is not int or count < 0:
            text = f"{at}.mig-devices: {profile}: {count} is not a profile and a count"
            yield FileFault((*path, "mig-devices", profile), text)
    if devices and not any(devices.values()):
        yield FileFault((*path, "mig-devices"), f"{at}.mig-devices has only counts of 0")
