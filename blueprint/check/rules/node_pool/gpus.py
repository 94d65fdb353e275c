"""NodePools with GPU nodes."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.karpenter import is_of_gpus
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define

GPU_NODES_OPEN = define("BP6566", "gpu-nodepool-without-taint", page=__file__, severity=Severity.WARNING)
GPUS_UNLIMITED = define("BP6510", "gpu-nodepool-without-limit", page=__file__, severity=Severity.WARNING)
_BOUNDS = frozenset({"nvidia.com/gpu", "nodes", "cpu", "memory"})
"""Limits that every GPU node counts towards."""


@rule(GPU_NODES_OPEN, tags=("karpenter", "scheduling"))
def gpu_nodes_open(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPU nodes without a taint."""
    if inside(subject.data, "spec", "template", "spec", "taints"):
        return
    if is_of_gpus(subject):
        path = ("spec", "template", "spec")
        text = "spec.template.spec.taints is missing, so pods without GPUs are scheduled to these nodes"
        help_ = "add taints: [{key: nvidia.com/gpu, effect: NoSchedule}], and tolerate it in pods with GPUs"
        yield ObjectFinding(GPU_NODES_OPEN, path, text, help_)


@rule(GPUS_UNLIMITED, tags=("karpenter", "cost"))
def gpus_unlimited(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPU nodes without a limit on their number."""
    static = inside(subject.data, "spec", "replicas") is not None
    limits = mapping(inside(subject.data, "spec", "limits"))
    if not static and is_of_gpus(subject) and not _BOUNDS & {*limits}:
        path = ("spec", "limits") if limits else ("spec",)
        text = "spec.limits has no limit for nvidia.com/gpu, so Karpenter creates GPU nodes without a bound"
        yield ObjectFinding(GPUS_UNLIMITED, path, text, 'limits: {nvidia.com/gpu: "64"}')


RULES = (gpu_nodes_open, gpus_unlimited)
