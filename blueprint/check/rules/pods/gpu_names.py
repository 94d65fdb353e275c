"""Resources that resemble GPUs but that no device plugin offers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.check.common.containers import GPU
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import GPU_PREFIX, DescribedPod, RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

MISSPELT = define("BP6162", "gpu-resource-misspelt", page=__file__, severity=Severity.WARNING)
_NEARLY_GPU = lazy_pattern(
    r"(?:requests\.|limits\.)?nvidia(?:\.com)?/(?:nvidia[-.]?)?gpus?"
    r"|alpha\.kubernetes\.io/nvidia-gpu|(?:k8s|kubernetes)\.io/(?:nvidia[-.]?)?gpus?",
    re.IGNORECASE,
)
"""Misspellings of `nvidia.com/gpu`: typos, keys of quotas, and the resource name before Kubernetes 1.8."""
_LABELS = lazy_pattern(r"nvidia\.com/gpu\.(count|memory|product|present|machine|family|replicas)", re.IGNORECASE)


@rule(MISSPELT, tags=("scheduling",))
def misspelt(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Names that resemble the GPU resource, or a node label. Not checked if the pools are known."""
    for path, container in pod.containers:
        for name in mapping(inside(container, "resources", "limits")):
            if name == GPU or (context.pools and str(name).startswith(GPU_PREFIX)):
                continue
            at = (*path, "resources", "limits", name)
            if _NEARLY_GPU.fullmatch(str(name)):
                text = f"{format_path(at, pod.subject.data)}: no device plugin offers {name}"
                yield ObjectFinding(MISSPELT, at, text, f"did you mean {GPU}?")
            elif _LABELS.fullmatch(str(name)):
                text = f"{format_path(at, pod.subject.data)}: {name} is a node label, not a resource"
                yield ObjectFinding(MISSPELT, at, text, f"request {GPU}, and select nodes by nodeSelector or affinity")


RULES = (misspelt,)
