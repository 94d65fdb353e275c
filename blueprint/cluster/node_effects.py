"""Effects of a plan on nodes: the same rules as for two bundles, with the live objects as the previous state."""

from __future__ import annotations

from blueprint.changes import codes as effect_codes
from blueprint.changes.change import changed_objects
from blueprint.changes.effects import find_effects
from blueprint.changes.place_effects import PlaceChange
from blueprint.changes.upgrade_paths import UNSUPPORTED
from blueprint.cluster import codes
from blueprint.cluster.plan_model import NodeStep, Plan
from blueprint.diagnostics import Diagnostic, Refused, Severity
from blueprint.records import replace
from blueprint.wording import counted

_SHOWN = 3
"""The maximum number of nodes that are named if many change in the same way."""


def plan_effects(plan: Plan) -> list[Diagnostic]:
    """The effects of the plan on nodes, and changes that the vendors of its components do not support."""
    before = {step.id: step.live for step in plan.steps if step.live is not None}
    changed = changed_objects(plan.changes, before, plan.bundle.objects)
    found = find_effects(changed, plan.bundle.objects, plan.bundle.pools, _places(plan))
    # The plan already shows which labels and taints change on each node: only the effects are reported.
    return [diagnostic for diagnostic in found if diagnostic.code is not effect_codes.PLACEMENT_CHANGES]


def refuse_unsupported(plan: Plan, *, allowed: bool) -> None:
    """Raise Refused if the plan contains an upgrade that a vendor does not support, unless that is allowed."""
    found = [diagnostic for diagnostic in plan_effects(plan) if diagnostic.code in UNSUPPORTED]
    found += [d for d in plan.diagnostics if d.code is codes.DEFINITION_NARROWS and d.severity is Severity.ERROR]
    if found and not allowed:
        raise Refused(*found)


def _places(plan: Plan) -> list[PlaceChange]:
    """Changes of nodes; nodes that change in the same way are combined."""
    alike: dict[str, list[PlaceChange]] = {}
    for step in plan.nodes:
        if change := _place(step):
            alike.setdefault(repr((change.labels, change.added, change.removed)), []).append(change)
    return [replace(several[0], who=_named([each.who for each in several])) for several in alike.values()]


def _named(nodes: list[str]) -> str:
    more = f" and {len(nodes) - _SHOWN} more" if len(nodes) > _SHOWN else ""
    return f"{counted(len(nodes), 'node')} ({', '.join(nodes[:_SHOWN])}{more})"


def _place(step: NodeStep) -> PlaceChange | None:
    fields = [field for field in step.fields if field.path[:-1] == ("metadata", "labels")]
    labels = {str(f.path[2]): (str(f.before) if f.before else None, str(f.after) if f.after else None) for f in fields}
    then = step.taints if step.taints is not None else step.taints_before
    added = tuple(taint for taint in then if taint not in step.taints_before)
    removed = tuple(taint for taint in step.taints_before if taint not in then)
    if not (labels or added or removed):
        return None
    lines = {f"labels.{f.path[2]}": f.origin.place for f in fields if f.origin and f.origin.noted}
    return PlaceChange(step.name, labels, added, removed, lines)
