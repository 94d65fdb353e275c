"""Permissions for platform-wide objects, granted to everyone who may edit a namespace."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define

PLATFORM_RIGHTS = define("BP6477", "platform-rights-for-editors", page=__file__, severity=Severity.WARNING)
_LABELS = tuple(f"rbac.authorization.k8s.io/aggregate-to-{role}" for role in ("edit", "admin"))
_DECIDED = {
    "kueue.x-k8s.io": {
        "clusterqueues",
        "cohorts",
        "resourceflavors",
        "topologies",
        "workloadpriorityclasses",
        "admissionchecks",
    },
    "scheduling.k8s.io": {"priorityclasses"},
    "node.k8s.io": {"runtimeclasses"},
    "resource.k8s.io": {"deviceclasses"},
}
"""Platform-wide kinds that affect all tenants, by group."""
_WRITES = {"*", "create", "update", "patch"}


@rule(PLATFORM_RIGHTS, tags=("security", "tenancy"))
def rights_for_editors(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A role that aggregates permissions on platform objects into Kubernetes' roles for users."""
    labels = mapping(inside(subject.data, "metadata", "labels"))
    label = next((each for each in _LABELS if labels.get(each) == "true"), None)
    for index, entry in enumerate(map(mapping, items(subject.data.get("rules")) if label else ())):
        groups, resources = _texts(entry.get("apiGroups")), _texts(entry.get("resources"))
        decided = {name for group, names in _DECIDED.items() if group in groups or "*" in groups for name in names}
        named = decided if "*" in resources else decided & resources
        if named and _WRITES & _texts(entry.get("verbs")):
            text = f"users who may edit a namespace may write {', '.join(sorted(named))} for the whole cluster"
            help_ = f"remove the label {label}, or leave only get, list and watch"
            yield ObjectFinding(PLATFORM_RIGHTS, ("rules", index, "verbs"), text, help_)


def _texts(value: object) -> set[str]:
    return {each for each in items(value) if isinstance(each, str)}


RULES = (rights_for_editors,)
