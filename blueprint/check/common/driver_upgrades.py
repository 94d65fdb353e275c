"""Fields of a driver's upgrade policy that have no effect because of other fields."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule_context import inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern

UPGRADE_WITHOUT_EFFECT = define("BP6474", "upgrade-field-without-effect", page=__file__, severity=Severity.WARNING)
_NONE = lazy_pattern(r"0+%?")
_AUTO_DRAIN = "ENABLE_AUTO_DRAIN"


def upgrade_faults(subject: Object, driver: Path) -> Iterator[ObjectFinding]:
    """Fields in the upgrade policy of the driver at a path that the operator ignores."""
    at = (*driver, "upgradePolicy")
    policy = mapping(value_at(subject.data, at))
    if policy.get("autoUpgrade") is not True:
        if inside(policy, "drain", "enable") is True:
            text = "drain.enable has no effect, because autoUpgrade is not true"
            yield ObjectFinding(UPGRADE_WITHOUT_EFFECT, (*at, "drain", "enable"), text, "autoUpgrade: true")
        return
    if _NONE.fullmatch(str(policy.get("maxUnavailable"))):
        text = (
            f"maxUnavailable is {policy['maxUnavailable']}, so no node is ever upgraded, although autoUpgrade is true"
        )
        yield ObjectFinding(UPGRADE_WITHOUT_EFFECT, (*at, "maxUnavailable"), text, "allow at least 1")
    if inside(policy, "drain", "enable") is not True:
        for key in ("podSelector", "force"):
            if inside(policy, "drain", key):
                text = f"drain.{key} has no effect, because drain.enable is not true"
                yield ObjectFinding(UPGRADE_WITHOUT_EFFECT, (*at, "drain", key), text, "remove it, or enable: true")
        yield from _unselected_drain(subject, driver)
    waits = mapping(policy.get("waitForCompletion"))
    if waits.get("timeoutSeconds") and not waits.get("podSelector"):
        text = "waitForCompletion.timeoutSeconds has no effect, because no podSelector selects pods to wait for"
        path = (*at, "waitForCompletion", "timeoutSeconds")
        yield ObjectFinding(UPGRADE_WITHOUT_EFFECT, path, text, "add podSelector")


def _unselected_drain(subject: Object, driver: Path) -> Iterator[ObjectFinding]:
    """A drain that is left to the driver manager, which leaves it to the operator if autoUpgrade is true.

    See isAutoDrainEnabled in NVIDIA k8s-driver-manager, cmd/driver-manager/main.go.
    """
    at = (*driver, "manager", "env")
    for index, each in enumerate(map(mapping, items(value_at(subject.data, at)))):
        if each.get("name") == _AUTO_DRAIN and each.get("value") == "true":
            text = f"{_AUTO_DRAIN} of the driver manager has no effect, because autoUpgrade is true"
            help_ = "set upgradePolicy: {drain: {enable: true}}"
            yield ObjectFinding(UPGRADE_WITHOUT_EFFECT, (*at, index, "value"), text, help_)
