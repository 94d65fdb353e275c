"""Which nodes an NVIDIADriver is for, and with which modules."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.common.driver import (
    DRIVERS_UNUSED,
    PRECOMPILED_CONFLICT,
    STORAGE_NEEDS_OPEN,
    driver_faults,
    drivers_allowed,
)
from blueprint.check.common.driver_upgrades import UPGRADE_WITHOUT_EFFECT, upgrade_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping, severity_across_files
from blueprint.diagnostics import Severity, define
from blueprint.effective.operator import NVIDIA_DRIVER

DRIVERS_CONFLICT = define("BP6044", "driver-objects-conflict", page=__file__)
DRIVER_OWNER_LABEL = define("BP6045", "driver-selected-by-its-own-label", page=__file__)
LICENCE_IGNORED = define("BP6046", "licence-setting-ignored", page=__file__, severity=Severity.WARNING)
_OWNER = "nvidia.com/gpu-operator.driver.owner"


@rule(PRECOMPILED_CONFLICT, STORAGE_NEEDS_OPEN, tags=("operator", "driver"))
def modules(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Kernel modules against what needs others."""
    spec = mapping(subject.data.get("spec"))
    extra = [name for name in ("gds", "gdrcopy") if inside(spec, name, "enabled") is True]
    yield from driver_faults(subject, ("spec",), extra, ("spec",))


@rule(UPGRADE_WITHOUT_EFFECT, tags=("operator", "driver"))
def upgrades(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Fields of the upgrade policy that others leave without effect."""
    if subject.component == USERS:
        yield from upgrade_faults(subject, ("spec",))


@rule(DRIVERS_UNUSED, tags=("operator", "driver"))
def unused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's driver where the ClusterPolicy decides."""
    if subject.component == USERS and not drivers_allowed(context):
        text = "is disabled, because the ClusterPolicy sets one driver for all nodes"
        help_ = "set components.gpu-operator.settings.driverObjects: always"
        policy = context.cluster_policy
        override = severity_across_files(subject, policy, context) if policy else None
        yield ObjectFinding(DRIVERS_UNUSED, ("metadata", "name"), text, help_, override)


@rule(DRIVERS_CONFLICT, tags=("operator", "driver"))
def selectors(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Two drivers for the same nodes; of a user's and ours the user's is blamed, otherwise the later one."""
    drivers = context.objects_of_kind(NVIDIA_DRIVER)
    earlier = drivers[: drivers.index(subject)]
    for other in drivers:
        mine, theirs = subject.component == USERS, other.component == USERS
        if other is subject or (theirs and not mine) or (mine == theirs and other not in earlier):
            continue
        if _default(subject) and _default(other):
            yield ObjectFinding(DRIVERS_CONFLICT, ("spec", "default"), f"{other.id.name} is already the default")
            return
        if not _default(subject) and not _default(other) and _overlap(_selector(subject), _selector(other), context):
            text = f"spec.nodeSelector selects nodes that {other.id.name} also selects"
            yield ObjectFinding(
                DRIVERS_CONFLICT, ("spec", "nodeSelector"), text, "use labels that are mutually exclusive"
            )
            return


@rule(DRIVERS_CONFLICT, tags=("operator", "driver"))
def default(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A default with a selector."""
    if _default(subject) and inside(subject.data, "spec", "nodeSelector"):
        text = "the default driver is for all other nodes, so it must not have a nodeSelector"
        yield ObjectFinding(DRIVERS_CONFLICT, ("spec", "nodeSelector"), text, "remove nodeSelector, or default")


@rule(DRIVER_OWNER_LABEL, tags=("operator", "driver"))
def owner(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A selector with the operator's own label."""
    if _OWNER in mapping(inside(subject.data, "spec", "nodeSelector")):
        text = f"spec.nodeSelector uses {_OWNER}, which the operator sets"
        yield ObjectFinding(DRIVER_OWNER_LABEL, ("spec", "nodeSelector", _OWNER), text, "select by another label")


@rule(LICENCE_IGNORED, tags=("operator", "driver"))
def licence(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A licence system switched off."""
    if inside(subject.data, "spec", "licensingConfig", "nlsEnabled") is False:
        path = ("spec", "licensingConfig", "nlsEnabled")
        yield ObjectFinding(LICENCE_IGNORED, path, "spec.licensingConfig.nlsEnabled: false is ignored", "remove it")


def _selector(subject: Object) -> dict[str, str]:
    return dict(mapping(inside(subject.data, "spec", "nodeSelector"))) or {"nvidia.com/gpu.present": "true"}


def _default(subject: Object) -> bool:
    return inside(subject.data, "spec", "default") is True


def _overlap(one: dict[str, str], other: dict[str, str], context: RuleContext) -> bool:
    """Whether one selector holds the other, or a pool's nodes carry the labels of both."""
    both = {**one, **other}.items()
    agree = all(other.get(key, value) == value for key, value in one.items())
    return agree and (
        one.items() <= other.items()
        or other.items() <= one.items()
        or any(both <= {**each.labels}.items() for each in context.pools)
    )


RULES = (modules, upgrades, unused, selectors, default, owner, licence)
