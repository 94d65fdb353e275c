"""Labels and annotations of workloads that Kueue reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.kueue import (
    GROUP,
    LOCAL_QUEUE,
    MIN_PARALLELISM,
    QUEUE_NAME,
    is_queued,
    number_of_pods,
    queue_name,
    read_metadata,
)
from blueprint.check.common.named_objects import missing
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.source.paths import format_path
from blueprint.units import as_count
from blueprint.wording import counted

LOCAL_QUEUE_MISSING = define("BP6547", "local-queue-missing", page=__file__, severity=Severity.WARNING)
LABEL_MISPLACED = define("BP6548", "queue-label-misplaced", page=__file__, severity=Severity.WARNING)
KEY_UNKNOWN = define("BP6549", "kueue-key-unknown", page=__file__, severity=Severity.WARNING)
ANNOTATION_REFUSED = define("BP6550", "job-annotation-refused", page=__file__)
_WITH_COMPLETIONS = f"{GROUP}/job-completions-equal-parallelism"


@rule(LOCAL_QUEUE_MISSING, tags=("kueue", "references"))
def local_queue_missing(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Workloads whose LocalQueue is not in their namespace."""
    if name := queue_name(subject):
        home = subject.id.namespace
        there = context.named(GROUP, LOCAL_QUEUE, home)
        path: Path = (*read_metadata(subject), "labels", QUEUE_NAME)
        text = f"{format_path(path, subject.data)}: there is no LocalQueue {name} in the namespace {home}"
        if found := missing(LOCAL_QUEUE_MISSING, path, name, there, text, context):
            yield found


@rule(LABEL_MISPLACED, tags=("kueue",))
def label_misplaced(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Queue names where Kueue does not read them."""
    if not is_queued(subject) or queue_name(subject):
        return
    right = format_path((*read_metadata(subject), "labels"))
    for path in _elsewhere(subject, context):
        text = f"{format_path(path, subject.data)}: Kueue reads the queue of a {subject.id.kind} in {right}"
        yield ObjectFinding(LABEL_MISPLACED, path, text, f"move it to {right}")
        return


def _elsewhere(subject: Object, context: RuleContext) -> Iterator[Path]:
    places: list[Path] = [("metadata", "annotations"), ("metadata", "labels")]
    if subject.id.group not in _BY_POD:
        places += [(*each.path[:-1], "metadata", "labels") for each in context.pods_of(subject)]
    return ((*place, QUEUE_NAME) for place in places if QUEUE_NAME in mapping(value_at(subject.data, place)))


_BY_POD = ("", "apps", "leaderworkerset.x-k8s.io")
"""Groups whose pods Kueue may queue individually, by the labels of their template."""


@rule(KEY_UNKNOWN, tags=("kueue",))
def key_unknown(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Keys that look like Kueue's but are not."""
    if not is_queued(subject):
        return
    metadata: dict[Path, None] = dict.fromkeys([("metadata",), read_metadata(subject)])
    metadata |= dict.fromkeys((*each.path[:-1], "metadata") for each in context.pods_of(subject))
    for place in metadata:
        there = mapping(value_at(subject.data, place))
        for part in ("labels", "annotations"):
            for key in mapping(there.get(part)):
                prefix, _, name = str(key).partition("/")
                if prefix == GROUP and name not in _KEYS and (near := nearest(name, _KEYS)):
                    path = (*place, part, key)
                    text = f"{format_path(path, subject.data)}: Kueue does not know this key"
                    yield ObjectFinding(KEY_UNKNOWN, path, text, f"did you mean {GROUP}/{near}?")


@rule(ANNOTATION_REFUSED, tags=("kueue",))
def annotation_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Annotations of Jobs that Kueue's webhook rejects."""
    if subject.id.group != "batch":
        return
    place: Path = (*read_metadata(subject), "annotations")
    annotations = mapping(value_at(subject.data, place))
    spec = mapping(value_at(subject.data, (*read_metadata(subject)[:-1], "spec")))
    least = annotations.get(MIN_PARALLELISM)
    pods = next((number_of_pods(subject, each) for each in context.pods_of(subject)), 1)
    if least is not None and not 0 < (as_count(least) or 0) < pods:
        path = (*place, MIN_PARALLELISM)
        text = f"{format_path(path, subject.data)} is {least}, but the Job runs {counted(pods, 'pod')} in parallel"
        yield ObjectFinding(
            ANNOTATION_REFUSED, path, text, "use an integer of at least 1, and less than the parallelism"
        )
    if str(annotations.get(_WITH_COMPLETIONS)).lower() == "true" and (fault := _unequal(spec)):
        path = (*place, _WITH_COMPLETIONS)
        text = f"{format_path(path, subject.data)} is true, but {fault}"
        yield ObjectFinding(ANNOTATION_REFUSED, path, text, "use an Indexed Job with completions equal to parallelism")


def _unequal(spec: Mapping[Any, Any]) -> str | None:
    if spec.get("completionMode", "NonIndexed") != "Indexed":
        return "completionMode is not Indexed"
    parallelism, completions = spec.get("parallelism", 1), spec.get("completions", 1)
    return None if parallelism == completions else f"completions is {completions} and parallelism is {parallelism}"


_KEYS = frozenset(
    {
        "admission", "admission-gated-by", "cluster-queue-name", "component-workload-index", "concurrent-admission",
        "concurrent-admission-parent", "elastic-job", "is-group-workload", "job-completions-equal-parallelism",
        "job-min-parallelism", "job-owner-gvk", "job-owner-name", "job-uid", "local-queue-name", "managed",
        "max-exec-time-seconds", "multikueue", "multikueue-origin", "multikueue-origin-uid",
        "multikueue-worker-workload-pod", "pod-group-fast-admission", "pod-group-name", "pod-group-pod-index",
        "pod-group-pod-index-label", "pod-group-serving", "pod-group-total-count", "pod-index-offset",
        "pod-suspending-parent", "podset", "podset-group-name", "podset-preferred-topology",
        "podset-required-topology", "podset-slice-required-topology", "podset-slice-required-topology-constraints",
        "podset-slice-size", "podset-unconstrained-topology", "prebuilt-workload-name", "priority-boost",
        "priority-class", "queue-name", "raycluster-generation", "raycluster-podset-replica-sizes", "resource-in-use",
        "retriable-in-group", "role-hash", "safe-to-forcefully-delete", "stopping", "topology", "workload",
        "workload-allowed-resource-flavors", "workload-slice-name", "workload-slice-replacement-for",
    }
)  # fmt: skip
"""All keys of Kueue v0.19 without their prefix, from its API, its constants, and its reference of labels and
annotations.
"""
RULES = (local_queue_missing, label_misplaced, key_unknown, annotation_refused)
