"""Pods that a Service or a budget selects by their labels, and workloads that it nearly selects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.containers import pod_metadata
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping, severity_across_files
from blueprint.diagnostics import Severity, define, nearest

NOTHING = define("BP6157", "selector-matches-nothing", page=__file__, severity=Severity.WARNING)
_BY_USERS = re.compile(r"(app\.kubernetes\.io/)?[^/]+")
"""Keys of labels that people give to their pods; those of other domains are often set by controllers."""
_BY_JOBS = frozenset({"job-name", "controller-uid", "pod-template-hash"})
"""Keys without a domain that Kubernetes' controllers set."""
_PLAIN = frozenset({"", "apps", "batch"})
"""API groups whose workloads give their pods the labels of the template alone."""


def pods_with(wanted: Mapping[Any, Any], subject: Object, context: RuleContext) -> list[DescribedPod]:
    """The pods among the objects, in the namespace of `subject`, that have all of the labels."""
    return [pod for pod in _beside(subject, context) if wanted.items() <= _labels(pod).items()]


def unmatched(wanted: Any, path: Path, subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """That a selector takes no pod of a workload that it is surely meant for, or of a complete input.

    Args:
        wanted: The labels that the selector demands.
        path: Where they stand.
        subject: The object with the selector.
        context: Has the workloads.
    """
    labels = mapping(wanted)
    if not labels or any(key in _BY_JOBS or not _BY_USERS.fullmatch(str(key)) for key in labels):
        return
    pods = _beside(subject, context)
    if any(labels.items() <= _labels(pod).items() for pod in pods):
        return
    plain = [pod for pod in pods if pod.subject.id.group in _PLAIN]
    meant = next((pod for pod in plain if _is_meant(labels, pod, subject, alone=len(plain) == 1)), None)
    if meant and severity_across_files(subject, meant.subject, context) is None:
        key, has = _difference(labels, _labels(meant))
        text = f"no pod among the objects has {key}={labels[key]}: {meant.subject.id} has {has}"
        yield ObjectFinding(NOTHING, (*path, key), text, "select by labels of the pod template")
    elif not meant and _is_complete(context) and len(plain) == len(pods):
        listed = ", ".join(f"{key}={value}" for key, value in labels.items())
        yield ObjectFinding(NOTHING, path, f"no pod among the objects has {listed}", "select by labels of pods")


def _is_complete(context: RuleContext) -> bool:
    """Whether no pod comes from elsewhere: a blueprint does not say so."""
    return Capability.COMPLETE in context.capabilities and Capability.BLUEPRINT not in context.capabilities


def _beside(subject: Object, context: RuleContext) -> list[DescribedPod]:
    return context.once(_by_namespace).get(subject.id.namespace, [])


def _by_namespace(context: RuleContext) -> dict[str, list[DescribedPod]]:
    found: dict[str, list[DescribedPod]] = {}
    for pod in context.pods:
        found.setdefault(pod.subject.id.namespace, []).append(pod)
    return found


def _labels(pod: DescribedPod) -> Mapping[Any, Any]:
    return mapping(pod_metadata(pod).get("labels"))


def _is_meant(wanted: Mapping[Any, Any], pod: DescribedPod, subject: Object, *, alone: bool) -> bool:
    """Whether the selector is for this workload: of the same name, or the only one, with labels that are alike."""
    if pod.subject.id.name == subject.id.name:
        return True
    return alone and all(_is_alike(key, value, _labels(pod)) for key, value in wanted.items())


def _is_alike(key: Any, value: Any, labels: Mapping[Any, Any]) -> bool:
    """Whether a pod has the label, or nearly: another value that holds this one, or the value under another key."""
    one, other = str(value), str(labels.get(key, ""))
    if key in labels:
        return one in other or other in one or nearest(one, [other]) is not None
    return value in labels.values()


def _difference(wanted: Mapping[Any, Any], labels: Mapping[Any, Any]) -> tuple[Any, str]:
    """The first label that the pods lack, and what they have instead."""
    key = next(each for each in wanted if labels.get(each) != wanted[each])
    if key in labels:
        return key, f"{key}={labels[key]}"
    listed = ", ".join(f"{name}={value}" for name, value in labels.items())
    return key, listed or "no labels"
