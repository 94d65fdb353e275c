"""Errors in a driver's fields, for both ClusterPolicy and NVIDIADriver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule_context import RuleContext, mapping
from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern

DRIVERS_UNUSED = define("BP6040", "driver-objects-unused", page=__file__)
PRECOMPILED_CONFLICT = define("BP6042", "precompiled-conflict", page=__file__)
STORAGE_NEEDS_OPEN = define("BP6043", "storage-needs-open-modules", page=__file__)
_BRANCH = lazy_pattern(r"[0-9]+")


def drivers_allowed(context: RuleContext) -> bool:
    """Whether the ClusterPolicy leaves drivers to NVIDIADriver objects. Without a ClusterPolicy this is decided
    elsewhere.
    """
    return context.cluster_policy is None or context.cluster_policy_value("driver", "useNvidiaDriverCRD") is True


def driver_faults(subject: Object, at: Path, extra: Iterable[str], beside: Path) -> Iterator[ObjectFinding]:
    """Errors of the driver at `at`; `extra` are the enabled modules, whose sections are below `beside`."""
    driver = mapping(value_at(subject.data, at))
    version = str(driver.get("version") or "")
    if driver.get("usePrecompiled") is True:
        for name in extra:
            text = f"a precompiled driver does not include {name}"
            yield ObjectFinding(
                PRECOMPILED_CONFLICT, (*beside, name, "enabled"), text, f"disable {name} or usePrecompiled"
            )
        if version and not _BRANCH.fullmatch(version):
            text = f"a precompiled driver is selected by its branch, not by {version}"
            help_ = f"use {version.partition('.')[0]}" if version[0].isdigit() else "use a branch, for example 580"
            patched = subject.by_hand((*at, "usePrecompiled")) and not subject.by_hand((*at, "version"))
            key = "usePrecompiled" if patched else "version"
            yield ObjectFinding(PRECOMPILED_CONFLICT, (*at, key), text, help_)
    modules = driver.get("kernelModuleType")
    wrong = modules != "open" if at == ("spec",) else modules == "proprietary"
    if "gds" in extra and wrong:
        text = f"GPUDirect Storage needs the open kernel modules, but kernelModuleType is {modules or 'auto'}"
        yield ObjectFinding(STORAGE_NEEDS_OPEN, (*at, "kernelModuleType"), text, "set kernelModuleType: open")
