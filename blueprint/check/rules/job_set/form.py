"""Errors that JobSet's webhook rejects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import define

JOBSET_REFUSED = define("BP6465", "jobset-refused", page=__file__)
_LONGEST = 63
_SUFFIX = "-abcde"
"""The length of the suffix that the Job controller appends to pod names."""
_EXCLUSIVE = "alpha.jobset.sigs.k8s.io/exclusive-topology"
_BY_NODE_SELECTOR = "alpha.jobset.sigs.k8s.io/node-selector"


@rule(JOBSET_REFUSED, tags=("jobset",))
def jobset_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Mutually exclusive orders, names that become too long, missing jobs."""
    jobs = [(("spec", "replicatedJobs", index), mapping(job)) for index, job in enumerate(_jobs(subject))]
    in_order = inside(subject.data, "spec", "startupPolicy", "startupPolicyOrder") == "InOrder"
    earlier: list[str] = []
    for path, job in jobs:
        for fault, help_ in _order_faults(job, earlier, in_order=in_order):
            yield ObjectFinding(JOBSET_REFUSED, (*path, "dependsOn"), f"{job.get('name')}: {fault}", help_)
        earlier.append(str(job.get("name")))
        yield from _long_name(subject, path, job)
        yield from _restarts(path, job)
        yield from _without_index(subject, path, job)
    for where in (("successPolicy",), *(("failurePolicy", "rules", index) for index in range(_rules(subject)))):
        yield from _unknown_jobs(subject, ("spec", *where), earlier)


def _jobs(subject: Object) -> list[Any]:
    return items(inside(subject.data, "spec", "replicatedJobs"))


def _rules(subject: Object) -> int:
    return len(items(inside(subject.data, "spec", "failurePolicy", "rules")))


def _order_faults(job: Mapping[Any, Any], earlier: list[str], *, in_order: bool) -> Iterator[tuple[str, str]]:
    depends = [str(mapping(each).get("name")) for each in items(job.get("dependsOn"))]
    if depends and in_order:
        yield "dependsOn and startupPolicy: InOrder are mutually exclusive", "remove one of them"
    for name in depends:
        if name not in earlier:
            yield (
                f"dependsOn names {name}, but no earlier job has that name",
                "list each job after those that it depends on",
            )


def _long_name(subject: Object, path: Path, job: Mapping[Any, Any]) -> Iterator[ObjectFinding]:
    """A JobSet whose pod names become too long. The longest is that of the last pod of the last replica. Names of pods
    without an index are shortened, those of their Jobs are not.
    """
    replicas = job.get("replicas", 1)
    spec = mapping(inside(job, "template", "spec"))
    completions = spec.get("completions", spec.get("parallelism", 1))
    if not isinstance(replicas, int) or not isinstance(completions, int) or subject.id.name.endswith("*"):
        return
    name, named = f"{subject.id.name}-{job.get('name')}-{max(replicas - 1, 0)}", "Jobs"
    if spec.get("completionMode", "Indexed") == "Indexed":
        name, named = f"{name}-{max(completions - 1, 0)}{_SUFFIX}", "pods"
    if len(name) > _LONGEST:
        text = f"names of its {named} such as {name} have {len(name)} characters, but at most {_LONGEST} are allowed"
        yield ObjectFinding(JOBSET_REFUSED, (*path, "name"), text, "shorten the name of the JobSet or of the job")


def _restarts(path: Path, job: Mapping[Any, Any]) -> Iterator[ObjectFinding]:
    """A pod failure policy requires pods that are not restarted. The webhook's default is OnFailure."""
    spec = mapping(inside(job, "template", "spec"))
    policy = inside(spec, "template", "spec", "restartPolicy") or "OnFailure"
    if spec.get("podFailurePolicy") and policy != "Never":
        text = f"podFailurePolicy needs restartPolicy: Never, but it is {policy}"
        yield ObjectFinding(
            JOBSET_REFUSED, (*path, "template", "spec", "podFailurePolicy"), text, "set restartPolicy: Never"
        )


def _without_index(subject: Object, path: Path, job: Mapping[Any, Any]) -> Iterator[ObjectFinding]:
    """Exclusive placement of pods without an index: the pod webhook takes all for followers, and admits none.

    The pod with index 0 leads the others to its topology domain (JobSet v0.12.0, pkg/webhooks/pod_webhook.go). Nodes
    that are labelled beforehand need no leader.
    """
    metadata = (mapping(subject.data.get("metadata")), mapping(inside(job, "template", "metadata")))
    annotations = {key for each in metadata for key in mapping(each.get("annotations"))}
    mode = inside(job, "template", "spec", "completionMode")
    if mode == "NonIndexed" and _EXCLUSIVE in annotations and _BY_NODE_SELECTOR not in annotations:
        text = f"with {_EXCLUSIVE}, JobSet admits no pods of a job with completionMode: NonIndexed"
        at = (*path, "template", "spec", "completionMode")
        yield ObjectFinding(JOBSET_REFUSED, at, text, "set completionMode: Indexed, which is JobSet's default")


def _unknown_jobs(subject: Object, path: Path, names: list[str]) -> Iterator[ObjectFinding]:
    for index, name in enumerate(items(mapping(value_at(subject.data, path)).get("targetReplicatedJobs"))):
        if name not in names:
            text = f"there is no replicated job {name}"
            at = (*path, "targetReplicatedJobs", index)
            yield ObjectFinding(JOBSET_REFUSED, at, text, f"replicated jobs: {', '.join(names)}")


RULES = (jobset_refused,)
