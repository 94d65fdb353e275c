"""NodePools of GPU nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.karpenter import AWS, GROUP, requirements
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items
from blueprint.diagnostics import Severity, define

GPU_NODES_OPEN = define("BP6566", "gpu-nodepool-without-taint", page=__file__, severity=Severity.WARNING)
_DOMAINS = (AWS, "eks.amazonaws.com")
"""Of Karpenter's provider for AWS, and of EKS Auto Mode."""
_ONLY_GPUS = {
    **{f"{domain}/instance-category": re.compile(r"[gp]") for domain in _DOMAINS},
    **{f"{domain}/instance-family": re.compile(r"(g[3-9]|gr[6-9]|p[2-9]).*") for domain in _DOMAINS},
    "node.kubernetes.io/instance-type": re.compile(r"(g[3-9]|gr[6-9]|p[2-9])[a-z0-9-]*\..+"),
}
"""Values of requirements that GPU instances of AWS alone meet."""


@rule(GPU_NODES_OPEN, tags=("karpenter", "scheduling"))
def gpu_nodes_open(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPU nodes that take every pod."""
    if subject.id.group != GROUP or inside(subject.data, "spec", "template", "spec", "taints"):
        return
    if any(_is_of_gpus(each) for _, each in requirements(subject)):
        path = ("spec", "template", "spec")
        text = "spec.template.spec.taints is missing, so pods without GPUs are scheduled to these nodes"
        help_ = "add taints: [{key: nvidia.com/gpu, effect: NoSchedule}], and tolerate it in pods with GPUs"
        yield ObjectFinding(GPU_NODES_OPEN, path, text, help_)


def _is_of_gpus(requirement: Mapping[Any, Any]) -> bool:
    """Whether only nodes with GPUs meet the requirement."""
    key, operator, values = requirement.get("key"), requirement.get("operator"), items(requirement.get("values"))
    if str(key).startswith(tuple(f"{domain}/instance-gpu-" for domain in _DOMAINS)):
        return operator in ("In", "Exists", "Gt", "Gte")
    pattern = _ONLY_GPUS.get(str(key))
    return bool(pattern and operator == "In" and values and all(pattern.fullmatch(str(each)) for each in values))


RULES = (gpu_nodes_open,)
