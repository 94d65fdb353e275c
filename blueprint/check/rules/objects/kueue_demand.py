"""The resources that workloads request from their ClusterQueue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.kueue import (
    MIN_PARALLELISM,
    amount,
    cluster_queue_of,
    number_of_pods,
    parent,
    quotas,
    read_metadata,
    resource_groups,
)
from blueprint.check.common.kueue_configuration import configuration
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path
from blueprint.units import as_count

NOT_COVERED = define("BP6555", "resource-not-covered", page=__file__, severity=Severity.WARNING)
ABOVE_THE_QUOTA = define("BP6556", "above-the-quota", page=__file__, severity=Severity.WARNING)


_NEVER_TRANSFORMED = ("cpu", "memory", "nvidia.com/gpu")
"""Resources that managers rarely exclude or transform; for others this depends on the configuration."""


@rule(NOT_COVERED, tags=("kueue",))
def not_covered(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Requests for resources without a quota in the queue: nothing is admitted."""
    queue = cluster_queue_of(subject, context)
    manager = configuration(context)
    settings = mapping(manager.get("resources"))
    if queue is None or settings.get("quotaCheckStrategy") == "IgnoreUndeclared":
        return
    covered = {name for _, group in resource_groups(queue) for name in items(group.get("coveredResources"))}
    covered |= {str(mapping(each).get("input")) for each in items(settings.get("transformations"))}
    excluded = tuple(str(each) for each in items(settings.get("excludeResourcePrefixes")))
    for template in context.pods_of(subject):
        for path, name, wanted in _requests(template):
            judged = bool(manager) or name in _NEVER_TRANSFORMED
            if judged and wanted and name not in covered and not name.startswith(excluded):
                text = f"{format_path(path, subject.data)}: ClusterQueue {queue.id.name} has no quota for {name}"
                help_ = f"add {name} to coveredResources, and a nominalQuota for it to each flavor"
                yield ObjectFinding(NOT_COVERED, path, text, help_)
                return


@rule(ABOVE_THE_QUOTA, tags=("kueue",))
def above_the_quota(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Workloads that exceed the maximum that their queue can provide."""
    queue = cluster_queue_of(subject, context)
    if queue is None or subject.id.kind == "LeaderWorkerSet":  # the leader is part of its group
        return
    for template in context.pods_of(subject):
        count = _least(subject, template)
        for name, (path, each) in _demand(template).items():
            most = _most(queue, name)
            if most is not None and each * count > most:
                pods = f"{count} pods with {_text(each)} each need" if count > 1 else "the pod needs"
                text = f"{format_path(path, subject.data)}: {pods} {_text(each * count)}, but ClusterQueue "
                text += f"{queue.id.name} never has more than {_text(most)} of {name} in one flavor"
                yield ObjectFinding(ABOVE_THE_QUOTA, path, text, "request less, or raise the quota")


def _least(subject: Object, template: DescribedPod) -> int:
    """The minimum number of pods for admission."""
    annotations = mapping(value_at(subject.data, (*read_metadata(subject), "annotations")))
    least = as_count(annotations.get(MIN_PARALLELISM))
    return number_of_pods(subject, template) if least is None else least


def _most(queue: Object, resource: str) -> Fraction | None:
    """The maximum that one flavor can provide; None if it is unlimited, or the resource is not covered."""
    found: list[Fraction] = []
    for quota in quotas(queue):
        if quota.resource == resource:
            nominal, borrowed = quota.amount("nominalQuota"), quota.amount("borrowingLimit")
            if nominal is None or (parent(queue) and borrowed is None):
                return None
            found.append(nominal + (borrowed or 0))
    return max(found, default=None)


def _demand(template: DescribedPod) -> dict[str, tuple[Path, Fraction]]:
    """The requests of one pod by resource, with the field of the largest request."""
    sums: Counter[str] = Counter()
    largest: dict[str, tuple[Path, Fraction]] = {}
    for path, name, wanted in _requests(template):
        sums[name] += wanted  # type: ignore[assignment]
        if name not in largest or wanted > largest[name][1]:
            largest[name] = (path, wanted)
    return {name: (path, Fraction(sums[name])) for name, (path, _) in largest.items()}


def _requests(template: DescribedPod) -> Iterator[tuple[Path, str, Fraction]]:
    """The requests of the containers. A limit counts as the request if there is none."""
    for path, container in template.containers:
        if "initContainers" in path[len(template.path) :]:
            continue  # They run before the others, within the pod's resources.
        resources = mapping(container.get("resources"))
        for name, part in _named(resources):
            if (wanted := amount(mapping(resources.get(part)).get(name))) is not None:
                yield (*path, "resources", part, name), name, wanted


def _named(resources: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    requests, limits = mapping(resources.get("requests")), mapping(resources.get("limits"))
    for name in {**requests, **limits}:
        if isinstance(name, str):
            yield name, "requests" if name in requests else "limits"


def _text(number: Fraction) -> str:
    return f"{float(number):g}" if number < 10**9 else f"{float(number / 2**30):.4g}Gi"


RULES = (not_covered, above_the_quota)
