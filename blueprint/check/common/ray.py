"""Errors in a Ray cluster that KubeRay rejects, for RayCluster and RayJob. They are visible only as an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.containers import GPU, limit
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule_context import inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.units import as_count

RAY_REFUSED = define("BP6468", "ray-refused", page=__file__)
_RESOURCES = ("num-cpus", "num-gpus", "memory", "resources")
_UNCOUNTED = lazy_pattern(r"nvidia\.com/(mig-.+|gpu\.shared)")
"""GPUs whose resource does not end with `gpu`."""
_VERSION = lazy_pattern(r"(?:.*/)?ray(?:-ml)?:(\d+\.\d+\.\d+)(?:[.-].*)?")


def cluster_faults(subject: Object, at: Path) -> Iterator[ObjectFinding]:
    """Errors in the specification of a Ray cluster at a path."""
    spec = mapping(value_at(subject.data, at))
    workers = [
        ((*at, "workerGroupSpecs", n), mapping(each)) for n, each in enumerate(items(spec.get("workerGroupSpecs")))
    ]
    groups = [((*at, "headGroupSpec"), mapping(spec.get("headGroupSpec"))), *workers]
    scales = spec.get("enableInTreeAutoscaling") is True
    second = scales and inside(spec, "autoscalerOptions", "version") == "v2"
    for path, group in groups:
        yield from _group_faults(path, group, second=second)
        if scales:
            yield from _scaling_faults(path, group)
        yield from _version_faults(path, group, spec.get("rayVersion"))
    for path, group in workers:
        least, most = group.get("minReplicas"), group.get("maxReplicas")
        if isinstance(least, int) and isinstance(most, int) and least > most:
            text = f"minReplicas is {least}, which exceeds maxReplicas ({most})"
            yield ObjectFinding(RAY_REFUSED, (*path, "minReplicas"), text, "lower minReplicas, or raise maxReplicas")
        yield from _unlike_faults(path, group)
        if scales and group.get("suspend") is True:
            text = "a group of workers cannot be suspended while the autoscaler is enabled"
            yield ObjectFinding(RAY_REFUSED, (*path, "suspend"), text, "remove suspend, or enableInTreeAutoscaling")


def _unlike_faults(path: Path, group: Mapping[Any, Any]) -> Iterator[ObjectFinding]:
    """Numbers that KubeRay and Ray interpret differently from how they are written."""
    number, most = group.get("replicas"), group.get("maxReplicas")
    if isinstance(number, int) and isinstance(most, int) and number > most:
        text = f"replicas is {number}, but KubeRay starts at most maxReplicas ({most})"
        yield ObjectFinding(RAY_REFUSED, (*path, "replicas"), text, "raise maxReplicas", Severity.WARNING)
    container = mapping(next(iter(items(inside(group, "template", "spec", "containers"))), None))
    started, there = as_count(inside(group, "rayStartParams", "num-gpus")), limit(container, GPU)
    if started and there and started > there:
        text = (
            f"rayStartParams.num-gpus is {started}, but the container has {there} of {GPU}: Ray starts too many tasks"
        )
        at = (*path, "rayStartParams", "num-gpus")
        yield ObjectFinding(RAY_REFUSED, at, text, "remove num-gpus: KubeRay sets it from the limit", Severity.WARNING)


def _group_faults(path: Path, group: Mapping[Any, Any], *, second: bool) -> Iterator[ObjectFinding]:
    twice = [name for name in _RESOURCES if mapping(group.get("rayStartParams")).get(name)]
    if twice and mapping(group.get("resources")):
        text = f"resources and rayStartParams.{twice[0]} both limit what Ray may use"
        yield ObjectFinding(RAY_REFUSED, (*path, "resources"), text, "remove one of them")
    policy = inside(group, "template", "spec", "restartPolicy")
    if second and policy not in (None, "", "Never"):
        at = (*path, "template", "spec", "restartPolicy")
        text = f"autoscaler v2 replaces pods itself, but restartPolicy is {policy}"
        yield ObjectFinding(RAY_REFUSED, at, text, "set restartPolicy: Never, or remove it")


def _scaling_faults(path: Path, group: Mapping[Any, Any]) -> Iterator[ObjectFinding]:
    """What the autoscaler cannot see: the CPUs of a group, without which it stops, and GPUs under other names.

    Follows `_get_num_cpus` and `_get_num_gpus` of Ray (autoscaler/_private/kuberay/autoscaling_config.py).
    """
    at = (*path, "template", "spec", "containers")
    containers = items(inside(group, "template", "spec", "containers"))
    if not containers or mapping(group.get("resources")):
        return
    resources = mapping(mapping(containers[0]).get("resources"))
    there = {str(name) for part in ("limits", "requests") for name in mapping(resources.get(part))}
    started = mapping(group.get("rayStartParams"))
    if "cpu" not in there and "num-cpus" not in started:
        text = "the autoscaler stops, because neither the container nor rayStartParams declares a number of CPUs"
        yield ObjectFinding(RAY_REFUSED, (*at, 0), text, "set resources: {limits: {cpu: ...}}, or num-cpus")
    uncounted = sorted(filter(_UNCOUNTED.fullmatch, there))
    if uncounted and "num-gpus" not in started and not any(name.endswith("gpu") for name in there):
        text = f"the autoscaler does not count {uncounted[0]} as a GPU, so it starts no pods for tasks that need one"
        help_ = 'set rayStartParams: {num-gpus: "1"}'
        yield ObjectFinding(RAY_REFUSED, (*at, 0, "resources"), text, help_, Severity.WARNING)


def _version_faults(path: Path, group: Mapping[Any, Any], version: Any) -> Iterator[ObjectFinding]:
    """Differences between the declared version and the image: KubeRay relies on the declared one."""
    at = (*path, "template", "spec", "containers")
    image = str(mapping(next(iter(items(inside(group, "template", "spec", "containers"))), None)).get("image"))
    there = _VERSION.fullmatch(image)
    if there and isinstance(version, str) and version != there[1]:
        text = f"the image contains Ray {there[1]}, but rayVersion is {version}"
        yield ObjectFinding(RAY_REFUSED, (*at, 0, "image"), text, f"set rayVersion: {there[1]}", Severity.WARNING)
