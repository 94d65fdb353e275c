"""NodePools with GPU nodes."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.karpenter import GROUP, allowed, is_of_gpus
from blueprint.check.common.machines import gpus_of_pool
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path
from blueprint.units import as_count

GPU_NODES_OPEN = define("BP6566", "gpu-nodepool-without-taint", page=__file__, severity=Severity.WARNING)
GPUS_UNLIMITED = define("BP6510", "gpu-nodepool-without-limit", page=__file__, severity=Severity.WARNING)
_BOUNDS = frozenset({"nvidia.com/gpu", "nodes", "cpu", "memory"})
"""Limits that every GPU node counts towards."""
NO_MACHINE_FITS = define("BP6626", "limit-below-one-machine", page=__file__, severity=Severity.WARNING)
_GPU_LIMIT = "nvidia.com/gpu"


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


@rule(NO_MACHINE_FITS, tags=("karpenter", "cost"))
def no_machine_fits(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A limit that is lower than the GPUs of the smallest instance."""
    most = as_count(inside(subject.data, "spec", "limits", _GPU_LIMIT))
    if not most or not is_of_gpus(subject) or subject.id.group != GROUP:
        return
    machines = gpus_of_pool(allowed(subject, context))
    if machines and most < (fewest := min(machines.values())):
        path = ("spec", "limits", _GPU_LIMIT)
        text = f"{format_path(path, subject.data)} is {most}, but each instance has at least {fewest} GPUs"
        yield ObjectFinding(NO_MACHINE_FITS, path, text, f"set a multiple of {fewest}, or allow smaller instance types")


RULES = (gpu_nodes_open, gpus_unlimited, no_machine_fits)
