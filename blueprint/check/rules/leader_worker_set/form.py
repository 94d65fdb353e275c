"""Errors that LeaderWorkerSet's webhook rejects."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import define

SET_REFUSED = define("BP6469", "leaderworkerset-refused", page=__file__)
_EXCLUSIVE = "leaderworkerset.sigs.k8s.io/subgroup-exclusive-topology"
_NONE = (0, "0", "0%")


@rule(SET_REFUSED, tags=("serving",))
def set_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Groups that cannot be formed, and rollouts that cannot start."""
    at = ("spec", "leaderWorkerTemplate")
    template = mapping(inside(subject.data, *at))
    size = template.get("size", 1)
    group = inside(template, "subGroupPolicy", "subGroupSize")
    if _is_number(size) and size < 1:
        yield ObjectFinding(
            SET_REFUSED, (*at, "size"), f"size is {size}, but a group has at least its leader", "set size to at least 1"
        )
    elif _is_number(size) and _is_number(group) and (group < 1 or (size % group and (size - 1) % group)):
        text = f"subGroupSize is {group}, which divides neither size ({size}) nor the number of workers ({size - 1})"
        yield ObjectFinding(SET_REFUSED, (*at, "subGroupPolicy", "subGroupSize"), text, "use a divisor of one of them")
    if _EXCLUSIVE in mapping(inside(subject.data, "metadata", "annotations")) and "subGroupPolicy" not in template:
        path = ("metadata", "annotations", _EXCLUSIVE)
        yield ObjectFinding(SET_REFUSED, path, f"{_EXCLUSIVE} needs subGroupPolicy", f"add spec.{at[1]}.subGroupPolicy")
    path = ("spec", "rolloutStrategy", "rollingUpdateConfiguration")
    rollout = mapping(inside(subject.data, *path))
    if rollout.get("maxUnavailable") in _NONE and rollout.get("maxSurge", 0) in _NONE:
        text = "maxUnavailable and maxSurge are both 0, so no group can be replaced"
        yield ObjectFinding(SET_REFUSED, (*path, "maxUnavailable"), text, "set one of them to at least 1")


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


RULES = (set_refused,)
