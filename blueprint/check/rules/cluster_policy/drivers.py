"""The driver of the ClusterPolicy, and features that depend on it."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.common.driver import (
    DRIVERS_UNUSED,
    PRECOMPILED_CONFLICT,
    STORAGE_NEEDS_OPEN,
    VERSION_WITH_SYSTEM,
    driver_faults,
    drivers_allowed,
)
from blueprint.check.common.driver_upgrades import UPGRADE_WITHOUT_EFFECT, upgrade_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, by_hand, inside, mapping
from blueprint.diagnostics import define
from blueprint.effective.operator import NVIDIA_DRIVER

MODES_MIXED = define("BP6041", "sandbox-modes-mixed", page=__file__)


@rule(PRECOMPILED_CONFLICT, STORAGE_NEEDS_OPEN, VERSION_WITH_SYSTEM, tags=("operator",))
def forms(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Kernel module types that conflict with other features."""
    spec = mapping(subject.data.get("spec"))
    driver = mapping(spec.get("driver"))
    if driver.get("enabled") is not False and driver.get("useNvidiaDriverCRD") is not True:
        extra = [name for name in ("gds", "gdrcopy") if inside(spec, name, "enabled") is True]
        yield from driver_faults(subject, ("spec", "driver"), extra, ("spec",))


@rule(UPGRADE_WITHOUT_EFFECT, tags=("operator",))
def upgrades(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Fields of the upgrade policy that have no effect because of others."""
    if by_hand(subject, "spec", "driver", "upgradePolicy"):
        yield from upgrade_faults(subject, ("spec", "driver"))


@rule(DRIVERS_UNUSED, tags=("operator",))
def unused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """NVIDIADriver objects of the platform that the ClusterPolicy does not allow, because of a patch."""
    drivers = [each for each in context.objects_of_kind(NVIDIA_DRIVER) if each.component != USERS]
    if drivers and not drivers_allowed(context):
        text = f"spec.driver.useNvidiaDriverCRD is not true, so the NVIDIADriver {drivers[0].id.name} is disabled"
        yield ObjectFinding(DRIVERS_UNUSED, ("spec", "driver", "useNvidiaDriverCRD"), text, "true")


@rule(MODES_MIXED, tags=("operator",))
def modes(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Virtual GPUs in Kata containers."""
    sandbox = mapping(inside(subject.data, "spec", "sandboxWorkloads"))
    if sandbox.get("mode") == "kata" and sandbox.get("defaultWorkload") == "vm-vgpu":
        path = ("spec", "sandboxWorkloads", "defaultWorkload")
        yield ObjectFinding(
            MODES_MIXED, path, "spec.sandboxWorkloads: Kata does not support vGPU", "use vm-passthrough"
        )


RULES = (forms, upgrades, unused, modes)
