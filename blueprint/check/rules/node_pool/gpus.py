"""NodePools of GPU nodes."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.karpenter import GROUP, is_of_gpus
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import Severity, define

GPU_NODES_OPEN = define("BP6566", "gpu-nodepool-without-taint", page=__file__, severity=Severity.WARNING)


@rule(GPU_NODES_OPEN, tags=("karpenter", "scheduling"))
def gpu_nodes_open(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPU nodes that take every pod."""
    if subject.id.group != GROUP or inside(subject.data, "spec", "template", "spec", "taints"):
        return
    if is_of_gpus(subject):
        path = ("spec", "template", "spec")
        text = "spec.template.spec.taints is missing, so pods without GPUs are scheduled to these nodes"
        help_ = "add taints: [{key: nvidia.com/gpu, effect: NoSchedule}], and tolerate it in pods with GPUs"
        yield ObjectFinding(GPU_NODES_OPEN, path, text, help_)


RULES = (gpu_nodes_open,)
