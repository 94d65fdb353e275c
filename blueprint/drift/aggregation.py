"""Rules of aggregated ClusterRoles that come from roles outside of the bundle.

A controller fills in the rules from every role whose labels match the selectors, so labelling a role extends ours
without changing it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Bundle, Object
from blueprint.diagnostics import Note
from blueprint.drift.model import Finding, FindingKind, facts
from blueprint.drift.ownership import claims_at, latest
from blueprint.drift.view import Live, Unseen, View
from blueprint.records import replace

Roles = Mapping[str, Mapping[str, Any]]
"""ClusterRoles by name: manifests, or live objects."""

_BUILT_IN = {f"system:aggregate-to-{name}" for name in ("admin", "edit", "view")}
"""The roles with aggregation labels that every API server creates."""


def is_aggregated(obj: Object) -> bool:
    """Whether its rules are filled in from other roles."""
    return (obj.id.group, obj.id.kind) == ("rbac.authorization.k8s.io", "ClusterRole") and bool(
        obj.data.get("aggregationRule")
    )


def gained_rules(obj: Object, live: Live, bundle: Bundle, view: View, manager: str) -> Iterator[Finding]:
    """Live rules that come neither from a role in the bundle nor from one that every server has."""
    declared = {each.id.name: each.data for each in bundle.objects if _is_role(each)}
    brought = [rule for _, rule in _brought(obj.data, declared, set())]
    own = obj.data.get("rules") or ()  # they stay if no controller aggregates
    gained = [rule for rule in live.get("rules") or () if rule not in brought and rule not in own]
    if not gained:
        return
    finding = Finding(
        FindingKind.FOREIGN_ADDITION,
        str(obj.id),
        "rules",
        live=gained,
        writer=latest(claims_at(live, ("rules",), manager)),
        origin=obj.origin(("aggregationRule",)),
        seen=facts(live),
        help="remove the label from the role that adds the rules, or declare that role; an apply does not remove them",
    )
    try:
        roles = {role["metadata"]["name"]: role for role in view.cluster_roles()}
    except Unseen as unseen:
        why = Note(f"it is unknown which roles add these rules: {unseen}")
        yield replace(finding, kind=FindingKind.UNKNOWN, declared=brought, remarks=(why,))
        return
    sources = list(_brought(obj.data, roles, set()))
    reported = [rule for rule in gained if not any(r == rule and n in {*declared, *_BUILT_IN} for n, r in sources)]
    if reported:
        names = sorted({name for name, rule in sources if rule in reported})
        note = "its aggregationRule selects ClusterRole " + ", ".join(names) if names else "no role adds them now"
        yield replace(finding, live=reported, remarks=(Note(note),))


def _is_role(obj: Object) -> bool:
    return obj.id.kind == "ClusterRole"


def _brought(role: Mapping[str, Any], roles: Roles, seen: set[str]) -> Iterator[tuple[str, Any]]:
    """All rules that aggregation gives a role, with the name of the role that defines each."""
    for name, other in roles.items():
        if name in seen or name == role["metadata"]["name"] or not _selects(role["aggregationRule"], other):
            continue
        if other.get("aggregationRule"):
            yield from _brought(other, roles, {*seen, role["metadata"]["name"]})
        else:
            yield from ((name, rule) for rule in other.get("rules") or ())


def _selects(aggregation: Mapping[str, Any], role: Mapping[str, Any]) -> bool:
    labels = role["metadata"].get("labels") or {}
    return any(_matches(selector, labels) for selector in aggregation.get("clusterRoleSelectors") or ())


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _meets(each, labels) for each in selector.get("matchExpressions") or ()
    )


def _meets(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = requirement["key"], requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
