"""Ray jobs, and the clusters that they create."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.ray import RAY_REFUSED, cluster_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, mapping


@rule(RAY_REFUSED, tags=("ray",))
def ray_job_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Jobs that KubeRay rejects."""
    for field, text, help_ in _faults(mapping(subject.data.get("spec"))):
        yield ObjectFinding(RAY_REFUSED, ("spec", field), text, help_)
    yield from cluster_faults(subject, ("spec", "rayClusterSpec"))


def _faults(spec: Mapping[Any, Any]) -> Iterator[tuple[str, str, str]]:
    stays = spec.get("shutdownAfterJobFinishes") is not True
    if spec.get("suspend") is True and spec.get("clusterSelector"):
        yield "suspend", "a job in an existing cluster (clusterSelector) cannot be suspended", "remove suspend"
    elif spec.get("suspend") is True and stays:
        yield "suspend", "suspend needs shutdownAfterJobFinishes: true", "add shutdownAfterJobFinishes: true"
    if spec.get("ttlSecondsAfterFinished") and stays:
        text = "ttlSecondsAfterFinished needs shutdownAfterJobFinishes: true"
        yield "ttlSecondsAfterFinished", text, "add shutdownAfterJobFinishes: true"
    if not spec.get("clusterSelector") and "rayClusterSpec" not in spec:
        yield "entrypoint", "neither rayClusterSpec nor clusterSelector is set", "add one of them"
    if spec.get("submissionMode") == "InteractiveMode" and spec.get("backoffLimit"):
        yield (
            "backoffLimit",
            "backoffLimit has no effect on an interactive job, which is never retried",
            "remove backoffLimit",
        )


RULES = (ray_job_refused,)
