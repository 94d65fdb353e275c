"""The configuration of Kueue's manager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.kueue_configuration import KEY, configuration_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items
from blueprint.diagnostics import define, nearest

CONFIGURATION_REFUSED = define("BP6557", "kueue-configuration-refused", page=__file__)
_FRAMEWORKS = (
    "batch/job", "deployment", "jobset.x-k8s.io/jobset", "kubeflow.org/jaxjob", "kubeflow.org/mpijob",
    "kubeflow.org/mxjob", "kubeflow.org/paddlejob", "kubeflow.org/pytorchjob", "kubeflow.org/tfjob",
    "kubeflow.org/xgboostjob", "leaderworkerset.x-k8s.io/leaderworkerset", "pod", "ray.io/raycluster", "ray.io/rayjob",
    "ray.io/rayservice", "sparkoperator.k8s.io/sparkapplication", "statefulset", "trainer.kubeflow.org/trainjob",
    "workload.codeflare.dev/appwrapper",
)  # fmt: skip
"""Of all versions: mxjob of the first ones too."""
_FINAL, _INITIAL = "LessThanOrEqualToFinalShare", "LessThanInitialShare"
_STRATEGIES = ([_FINAL], [_INITIAL], [_FINAL, _INITIAL])


@rule(CONFIGURATION_REFUSED, tags=("kueue",))
def configuration_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Settings that prevent Kueue's manager from starting."""
    found = configuration_of(subject)
    for fault, help_ in _faults(found) if found is not None else ():
        yield ObjectFinding(CONFIGURATION_REFUSED, ("data", KEY), f"{KEY}: {fault}", help_)


def _faults(settings: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for name in items(inside(settings, "integrations", "frameworks")):
        if isinstance(name, str) and name not in _FRAMEWORKS and (near := nearest(name, _FRAMEWORKS)):
            yield f"integrations.frameworks: there is no integration {name}", f"did you mean {near}?"
    strategies = inside(settings, "fairSharing", "preemptionStrategies")
    if strategies and strategies not in _STRATEGIES:
        yield "fairSharing.preemptionStrategies is not one of the lists that Kueue supports", f"[{_FINAL}, {_INITIAL}]"
    strategy = inside(settings, "resources", "quotaCheckStrategy")
    if strategy == "IgnoreUndeclared" and inside(settings, "resources", "excludeResourcePrefixes"):
        fault = "resources.excludeResourcePrefixes cannot be combined with quotaCheckStrategy: IgnoreUndeclared"
        yield fault, "remove one of them: IgnoreUndeclared already ignores undeclared resources"


RULES = (configuration_refused,)
