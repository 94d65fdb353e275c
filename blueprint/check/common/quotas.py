"""Errors in the quotas of a ClusterQueue or a Cohort: Kueue rejects them, or admits nothing."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.kueue import (
    CLUSTER_QUEUE,
    FLAVOR,
    GROUP,
    flavors,
    parent,
    parent_field,
    quotas,
    resource_groups,
)
from blueprint.check.common.named_objects import missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

FLAVOR_MISSING = define("BP6539", "flavor-missing", page=__file__, severity=Severity.WARNING)
RESOURCES_DIFFER = define("BP6540", "quota-resources-differ", page=__file__)
LISTED_TWICE = define("BP6541", "quota-listed-twice", page=__file__)
LIMIT_REFUSED = define("BP6542", "quota-limit-refused", page=__file__)
_LIMITS = ("borrowingLimit", "lendingLimit")


@rule(FLAVOR_MISSING, tags=("kueue", "references"))
def flavor_missing(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """References to flavors without a ResourceFlavor."""
    there = context.named(GROUP, FLAVOR)
    for path, group in resource_groups(subject):
        for place, flavor in flavors(path, group):
            name, at = flavor.get("name"), (*place, "name")
            if isinstance(name, str):
                text = f"{format_path(at, subject.data)}: there is no ResourceFlavor {name}"
                if found := missing(FLAVOR_MISSING, at, name, there, text, context):
                    yield found


@rule(RESOURCES_DIFFER, tags=("kueue",))
def resources_differ(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Flavors that do not list the resources of their group in the same order."""
    for path, group in resource_groups(subject):
        covered = [each for each in items(group.get("coveredResources")) if isinstance(each, str)]
        for place, flavor in flavors(path, group):
            names = [str(mapping(each).get("name")) for each in items(flavor.get("resources"))]
            if names != covered:
                at = (*place, "resources")
                text = (
                    f"{format_path(at, subject.data)} lists {_listed(names)}, but the group covers {_listed(covered)}"
                )
                yield ObjectFinding(RESOURCES_DIFFER, at, text, "list the same names in the same order")


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


@rule(LISTED_TWICE, tags=("kueue",))
def listed_twice(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Resources and flavors that a queue lists more than once."""
    seen: set[tuple[str, str]] = set()
    for path, group in resource_groups(subject):
        covered = enumerate(items(group.get("coveredResources")))
        found = [("resource", name, (*path, "coveredResources", index)) for index, name in covered]
        found += [("flavor", flavor.get("name"), (*place, "name")) for place, flavor in flavors(path, group)]
        for what, name, at in found:
            if not isinstance(name, str):
                continue
            if (what, name) in seen:
                text = f"{format_path(at, subject.data)}: the {what} {name} is already listed"
                help_ = f"list each {what} once, in one group"
                yield ObjectFinding(LISTED_TWICE, at, text, help_)
            seen.add((what, name))


@rule(LIMIT_REFUSED, tags=("kueue",))
def limit_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Borrowing and lending limits without a cohort, and invalid amounts."""
    for quota in quotas(subject):
        for field in ("nominalQuota", *_LIMITS):
            at = (*quota.path, field)
            value = quota.fields.get(field)
            if value is None:
                continue
            if field in _LIMITS and not parent(subject):
                text = f"{format_path(at, subject.data)} has no effect without a cohort to borrow from or lend to"
                yield ObjectFinding(LIMIT_REFUSED, at, text, f"remove it, or set spec.{parent_field(subject)}")
            elif (number := quota.amount(field)) is not None and number < 0:
                yield ObjectFinding(
                    LIMIT_REFUSED, at, f"{format_path(at, subject.data)} is {value}, which is negative", "set it to 0"
                )
            elif field == "lendingLimit" and subject.id.kind == CLUSTER_QUEUE:
                nominal = quota.amount("nominalQuota")
                if number is not None and nominal is not None and number > nominal:
                    text = f"{format_path(at, subject.data)} is {value}, which exceeds nominalQuota"
                    yield ObjectFinding(LIMIT_REFUSED, at, text, "a queue can lend at most its nominalQuota")
