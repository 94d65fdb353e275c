"""Pod and node affinity: contradictory pod affinity, and node labels that do not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

CONTRADICTION = define("BP6527", "affinity-contradiction", page=__file__)
UNKNOWN_LABEL = define("BP6528", "unknown-gpu-label", page=__file__, severity=Severity.WARNING)
NO_NUMBER = define("BP6169", "bound-not-a-number", page=__file__)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_NUMBER = lazy_pattern(r"[+-]?[0-9]+")
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


@rule(CONTRADICTION, tags=("scheduling",))
def contradiction(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Pods that both must and must not run on the same node."""
    attract = items(inside(pod.spec, "affinity", "podAffinity", _REQUIRED))
    repel = items(inside(pod.spec, "affinity", "podAntiAffinity", _REQUIRED))
    for index, term in enumerate(repel):
        if term in attract and pod.number > 1:
            path = (*pod.path, "affinity", "podAntiAffinity", _REQUIRED, index)
            text = f"{format_path(path, pod.subject.data)} is also required by podAffinity, so no second pod can run"
            help_ = "podAffinity places pods together, podAntiAffinity keeps them apart; remove one"
            yield ObjectFinding(CONTRADICTION, path, text, help_)


@rule(UNKNOWN_LABEL, tags=("scheduling",))
def unknown_label(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels that resemble those of GPU feature discovery but are never set."""
    for path, key in node_labels(pod):
        if key not in context.once(_declared) and _LOOKS_KNOWN.match(key) and not _KNOWN.fullmatch(key):
            near = nearest(key.removeprefix("nvidia.com/"), _NAMES)
            text = f"{format_path(path, pod.subject.data)}: nothing sets the label {key} on nodes"
            yield ObjectFinding(
                UNKNOWN_LABEL,
                path,
                text,
                f"did you mean nvidia.com/{near}?" if near else "list the labels with kubectl get nodes --show-labels",
            )


def _declared(context: RuleContext) -> frozenset[str]:
    """The labels that nodes are known to have."""
    nodes = (mapping(inside(node.data, "metadata", "labels")) for node in context.objects_of_kind("Node"))
    return frozenset(key for labels in (*(pool.labels for pool in context.pools), *nodes) for key in labels)


def node_labels(pod: DescribedPod) -> Iterator[tuple[Path, str]]:
    """All node labels that the pod requires or prefers."""
    for key in mapping(pod.spec.get("nodeSelector")):
        yield (*pod.path, "nodeSelector", key), str(key)
    path = (*pod.path, "affinity", "nodeAffinity")
    affinity = mapping(inside(pod.spec, "affinity", "nodeAffinity"))
    required = items(inside(affinity, _REQUIRED, "nodeSelectorTerms"))
    for index, term in enumerate(required):
        yield from _expressions((*path, _REQUIRED, "nodeSelectorTerms", index), term)
    for index, each in enumerate(map(mapping, items(affinity.get(_PREFERRED)))):
        yield from _expressions((*path, _PREFERRED, index, "preference"), each.get("preference"))


@rule(NO_NUMBER, tags=("scheduling",))
def bounds(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Bounds of labels that are not integers."""
    terms = items(inside(pod.spec, "affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms"))
    for index, term in enumerate(terms):
        for number, each in enumerate(map(mapping, items(mapping(term).get("matchExpressions")))):
            bound = next(iter(items(each.get("values"))), None)
            if each.get("operator") in ("Gt", "Lt") and isinstance(bound, str) and not _NUMBER.fullmatch(bound):
                path = (*pod.path, "affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms", index)
                path = (*path, "matchExpressions", number, "values", 0)
                field = format_path(path, pod.subject.data)
                text = f"{field} is {bound}, but {each['operator']} compares only whole numbers"
                help_ = "write only the number; nvidia.com/gpu.memory is in MiB"
                yield ObjectFinding(NO_NUMBER, path, text, help_)


def _expressions(path: Path, term: Any) -> Iterator[tuple[Path, str]]:
    for index, each in enumerate(map(mapping, items(mapping(term).get("matchExpressions")))):
        if isinstance(key := each.get("key"), str) and each.get("operator") not in ("NotIn", "DoesNotExist"):
            yield (*path, "matchExpressions", index, "key"), key


_NAMES = (
    "gpu.present", "gpu.product", "gpu.memory", "gpu.count", "gpu.family", "gpu.machine", "gpu.replicas", "gpu.mode",
    "gpu.clique", "gpu.sharing-strategy", "gpu.compute.major", "gpu.compute.minor", "gpu.workload.config",
    "mig.capable", "mig.strategy", "mig.config", "mig.config.state", "mps.capable", "vgpu.present",
    "cuda.driver.major", "cuda.driver-version.major", "cuda.driver-version.full", "cuda.runtime-version.full",
)  # fmt: skip
_KNOWN = lazy_pattern(
    rf"nvidia\.com/({'|'.join(map(re.escape, _NAMES))}|gpu\.[a-z0-9-]+\..*"
    r"|cuda\.(driver|runtime)(-version)?\.(major|minor|rev|revision|full))"
)
_LOOKS_KNOWN = lazy_pattern(
    r"nvidia\.com/(gpu[._-](present|product|name|model|type|memory|mem|vram|count|family|machine|arch|architecture|compute"
    r"|replicas|mode|clique|sharing[._-]strategy|workload)"
    r"|mig[._-](capable|strategy|config|enabled)|mps[._-]capable|vgpu[._-]present|cuda[._-](version|driver|runtime))"
)
RULES = (contradiction, unknown_label, bounds)
