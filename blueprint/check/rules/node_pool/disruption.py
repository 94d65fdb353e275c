"""NodePools that interrupt running jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.karpenter import is_of_gpus
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define

JOBS_DISRUPTED = define("BP6461", "nodepool-disrupts-jobs", page=__file__, severity=Severity.WARNING)
_JOBS = frozenset({"Job", "JobSet", "TrainJob", "PyTorchJob", "MPIJob", "JAXJob", "RayJob"})
_SPARED = "karpenter.sh/do-not-disrupt"
_BUSY = "WhenEmptyOrUnderutilized"


@rule(JOBS_DISRUPTED, tags=("karpenter", "reliability"))
def jobs_disrupted(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPU NodePools that evict jobs, which then restart from their last checkpoint."""
    if not is_of_gpus(subject):
        return
    jobs, unspared = context.once(_jobs), context.once(_unspared)
    disruption = mapping(inside(subject.data, "spec", "disruption"))
    if unspared and _consolidates(disruption):
        path = ("spec", "disruption", "consolidationPolicy") if disruption else ("spec",)
        text = f"Karpenter consolidates nodes on which pods run, and evicts the pods of {unspared[0].subject.id}"
        help_ = f"set consolidationPolicy: WhenEmpty, or annotate the pods of jobs with {_SPARED}: 'true'"
        yield ObjectFinding(JOBS_DISRUPTED, path, text, help_)
    node = mapping(inside(subject.data, "spec", "template", "spec"))
    if jobs and "terminationGracePeriod" in node and node.get("expireAfter", "720h") != "Never":
        grace = ("spec", "template", "spec", "terminationGracePeriod")
        text = (
            f"nodes expire after {node.get('expireAfter', '720h')}, and {node['terminationGracePeriod']} later their "
            f"pods are deleted, including those of {jobs[0].subject.id}"
        )
        yield ObjectFinding(JOBS_DISRUPTED, grace, text, "set expireAfter to Never, or to a period longer than any job")


def _jobs(context: RuleContext) -> list[DescribedPod]:
    return [pod for pod in context.pods if pod.requests and pod.subject.id.kind in _JOBS]


def _unspared(context: RuleContext) -> list[DescribedPod]:
    return [pod for pod in context.once(_jobs) if not _is_spared(pod)]


def _consolidates(disruption: Mapping[Any, Any]) -> bool:
    """Whether nodes in use are removed, at least at some time of the day."""
    never = any(
        each.get("nodes") in ("0", "0%") and "schedule" not in each and _names_all(each)
        for each in map(mapping, items(disruption.get("budgets")))
    )
    never = never or disruption.get("consolidateAfter") == "Never"
    return disruption.get("consolidationPolicy", _BUSY) == _BUSY and not never


def _names_all(budget: Mapping[Any, Any]) -> bool:
    return not budget.get("reasons") or "Underutilized" in items(budget.get("reasons"))


def _is_spared(pod: DescribedPod) -> bool:
    metadata = mapping(value_at(pod.subject.data, (*pod.path[:-1], "metadata")))
    return mapping(metadata.get("annotations")).get(_SPARED) == "true"


RULES = (jobs_disrupted,)
