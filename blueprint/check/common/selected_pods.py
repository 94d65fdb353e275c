"""Pods that a Service or a PodDisruptionBudget selects, and workloads that it almost selects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.containers import pod_metadata
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping, severity_across_files
from blueprint.diagnostics import Severity, define, nearest
from blueprint.patterns import lazy_pattern
from blueprint.wording import first_few

NOTHING = define("BP6157", "selector-matches-nothing", page=__file__, severity=Severity.WARNING)
_BY_USERS = lazy_pattern(r"(app\.kubernetes\.io/)?[^/]+")
"""Label keys that users set on their pods. Those in other domains are often set by controllers."""
_BY_JOBS = frozenset({"job-name", "controller-uid", "pod-template-hash"})
"""Label keys without a domain that Kubernetes controllers set."""
_MOST = 100
"""The maximum number of pods with one label that are compared with a selector of several labels."""
_TOO_MANY = f"more than {_MOST} pods have each of the labels of a selector"
_MOST_SHOWN = 6
_PLAIN = frozenset({"", "apps", "batch"})
"""API groups whose workloads give their pods only the labels of the template."""


class _Namespace:
    """The pods of a namespace, indexed for lookups."""

    def __init__(self) -> None:
        self.pods: list[DescribedPod] = []
        self.plain: list[DescribedPod] = []
        self._by_name: dict[str, DescribedPod] = {}
        self._by_label: dict[tuple[str, str], list[DescribedPod]] = {}

    def add(self, pod: DescribedPod) -> None:
        """Add a pod."""
        self.pods.append(pod)
        if pod.subject.id.group in _PLAIN:
            self.plain.append(pod)
            self._by_name.setdefault(pod.subject.id.name, pod)
        for key, value in _labels(pod).items():
            self._by_label.setdefault((str(key), str(value)), []).append(pod)

    def selected(self, wanted: Mapping[Any, Any]) -> tuple[list[DescribedPod], bool]:
        """The pods with all of the labels, and whether they are all: too many are not compared."""
        lists = [self._by_label.get((str(key), str(value)), []) for key, value in wanted.items()]
        fewest = min(lists, key=len, default=[])
        return [pod for pod in fewest[:_MOST] if wanted.items() <= _labels(pod).items()], len(fewest) <= _MOST

    def intended(self, wanted: Mapping[Any, Any], subject: Object) -> DescribedPod | None:
        """The pod that the selector is almost certainly meant for: one with the same name, or the only one, with
        similar labels.
        """
        if same := self._by_name.get(subject.id.name):
            return same
        alone = self.plain[0] if len(self.plain) == 1 else None
        is_alike = alone and all(_is_alike(key, value, _labels(alone)) for key, value in wanted.items())
        return alone if is_alike else None


def _by_namespace(context: RuleContext) -> Mapping[str, _Namespace]:
    found: dict[str, _Namespace] = defaultdict(_Namespace)
    for pod in context.pods:
        found[pod.subject.id.namespace].add(pod)
    return found


def selected_pods(wanted: Mapping[Any, Any], subject: Object, context: RuleContext) -> list[DescribedPod]:
    """The pods among the objects with all of the labels, in the namespace of `subject`; empty if there are too many."""
    pods, are_all = _beside(subject, context).selected(wanted)
    if not are_all:
        context.omit(_TOO_MANY)
    return pods if are_all else []


def _beside(subject: Object, context: RuleContext) -> _Namespace:
    return context.once(_by_namespace).get(subject.id.namespace) or _Namespace()


def unmatched(wanted: Any, path: Path, subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Report that a selector matches no pod, if a workload is almost certainly meant, or if the input is complete.

    Args:
        wanted: The labels of the selector.
        path: The path of the labels.
        subject: The object with the selector.
        context: Contains the workloads.
    """
    labels = mapping(wanted)
    if not labels or any(key in _BY_JOBS or not _BY_USERS.fullmatch(str(key)) for key in labels):
        return
    beside = _beside(subject, context)
    pods, are_all = beside.selected(labels)
    if pods:
        return
    if not are_all:
        context.omit(_TOO_MANY)
        return
    intended = beside.intended(labels, subject)
    if intended and severity_across_files(subject, intended.subject, context) is None:
        key, has = _difference(labels, _labels(intended))
        text = f"no pod among the objects has {key}={labels[key]}: {intended.subject.id} has {has}"
        yield ObjectFinding(NOTHING, (*path, key), text, "select by labels of the pod template")
    elif not intended and _is_complete(context) and len(beside.plain) == len(beside.pods):
        listed = first_few([f"{key}={value}" for key, value in labels.items()], _MOST_SHOWN)
        yield ObjectFinding(NOTHING, path, f"no pod among the objects has {listed}", "select by labels of pods")


def _is_complete(context: RuleContext) -> bool:
    """Whether no pods exist outside of the input, which a blueprint does not imply."""
    return Capability.COMPLETE in context.capabilities and Capability.BLUEPRINT not in context.capabilities


def _labels(pod: DescribedPod) -> Mapping[Any, Any]:
    return mapping(pod_metadata(pod).get("labels"))


def _is_alike(key: Any, value: Any, labels: Mapping[Any, Any]) -> bool:
    """Whether a pod has the label or a similar one: a value that contains this one, or the value under another key."""
    one, other = str(value), str(labels.get(key, ""))
    if key in labels:
        return one in other or other in one or nearest(one, [other]) is not None
    return value in labels.values()


def _difference(wanted: Mapping[Any, Any], labels: Mapping[Any, Any]) -> tuple[Any, str]:
    """The first label that the pods lack, and what they have instead."""
    key = next(each for each in wanted if labels.get(each) != wanted[each])
    if key in labels:
        return key, f"{key}={labels[key]}"
    listed = first_few([f"{name}={value}" for name, value in labels.items()], _MOST_SHOWN)
    return key, listed or "no labels"
