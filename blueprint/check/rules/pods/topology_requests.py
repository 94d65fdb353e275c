"""Topology requests of Kueue workloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.common.containers import pod_metadata
from blueprint.check.common.kueue import GROUP
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path
from blueprint.units import as_count

TOPOLOGY_REQUEST = define("BP6551", "topology-request-refused", page=__file__)
_REQUIRED, _PREFERRED, _UNCONSTRAINED = (
    f"{GROUP}/podset-{each}-topology" for each in ("required", "preferred", "unconstrained")
)
_SLICE, _SLICE_SIZE = f"{GROUP}/podset-slice-required-topology", f"{GROUP}/podset-slice-size"
_GROUP_NAME = f"{GROUP}/podset-group-name"
_REQUESTS = (_REQUIRED, _PREFERRED, _UNCONSTRAINED)


@rule(TOPOLOGY_REQUEST, tags=("kueue", "topology"))
def topology_request(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Topology requests that Kueue's webhooks reject or ignore."""
    annotations = mapping(pod_metadata(pod).get("annotations"))
    place: Path = (*pod.path[:-1], "metadata", "annotations")
    for key, fault, help_ in _faults(annotations, pod) if annotations else ():
        path = (*place, key)
        yield ObjectFinding(TOPOLOGY_REQUEST, path, f"{format_path(path, pod.subject.data)} {fault}", help_)
    yield from _remainder(annotations, pod, place)
    above = mapping(mapping(pod.subject.data.get("metadata")).get("annotations"))
    misplaced = [each for each in _REQUESTS if each in above] if pod.subject.id.kind != "Pod" else []
    # of several pods of an object the first is judged
    for key in misplaced if context.pods_of(pod.subject)[0] is pod else ():
        path = ("metadata", "annotations", key)
        text = f"{format_path(path, pod.subject.data)}: Kueue reads it only in the pod template"
        yield ObjectFinding(TOPOLOGY_REQUEST, path, text, f"move it to {format_path(place)}", Severity.WARNING)


def _faults(annotations: Mapping[Any, Any], pod: DescribedPod) -> Iterator[tuple[str, str, str]]:
    requested = [key for key in _REQUESTS if key in annotations]
    if len(requested) > 1:
        yield requested[1], f"cannot be combined with {requested[0]}", "remove one of them"
    size = annotations.get(_SLICE_SIZE)
    if size is None and _SLICE in annotations:
        yield _SLICE, f"needs {_SLICE_SIZE}", f"set {_SLICE_SIZE} to the number of pods in a slice"
    elif size is not None and _SLICE not in annotations:
        yield _SLICE_SIZE, f"needs {_SLICE}", f"set {_SLICE} to the topology level of a slice"
    elif size is not None and not as_count(size):
        yield _SLICE_SIZE, f"is {size}, which is not a size", "use an integer of at least 1"
    elif size is not None and pod.subject.id.kind in ("Job", "JobSet") and (as_count(size) or 0) > pod.number:
        yield _SLICE_SIZE, f"is {size}, but the number of pods is {pod.number}", f"use at most {pod.number}"
    if _GROUP_NAME in annotations:
        yield from _group_faults(annotations)


def _remainder(annotations: Mapping[Any, Any], pod: DescribedPod, place: Path) -> Iterator[ObjectFinding]:
    """Pods of a Job beyond its whole slices: Kueue admits them, but never places them (kueue#15277)."""
    size = as_count(annotations.get(_SLICE_SIZE)) if _SLICE in annotations else None
    if size and pod.subject.id.kind in ("Job", "JobSet") and pod.number > size and (over := pod.number % size):
        path = (*place, _SLICE_SIZE)
        field = format_path(path, pod.subject.data)
        text = f"{field} is {size}: of {pod.number} pods {over} belong to no whole slice, and wait for a node"
        help_ = f"use a number of pods that is a multiple of {size}"
        yield ObjectFinding(TOPOLOGY_REQUEST, path, text, help_, Severity.WARNING)


def _group_faults(annotations: Mapping[Any, Any]) -> Iterator[tuple[str, str, str]]:
    if str(annotations[_GROUP_NAME]).isdecimal():
        yield _GROUP_NAME, "is a number, but must be a name", "use a name that contains a letter"
    elif beside := next((key for key in (_SLICE, _SLICE_SIZE) if key in annotations), None):
        yield _GROUP_NAME, f"cannot be combined with {beside}", "remove one of them: groups cannot have slices"
    elif _REQUIRED not in annotations and _PREFERRED not in annotations:
        yield _GROUP_NAME, "needs a requested topology", f"set {_REQUIRED} or {_PREFERRED}"


RULES = (topology_request,)
