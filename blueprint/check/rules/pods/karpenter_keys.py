"""Labels and annotations of pods that Karpenter reads."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Path
from blueprint.check.common.containers import pod_metadata
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, mapping
from blueprint.check.rules.pods.affinity import node_labels
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

KEY_GONE = define("BP6565", "karpenter-key-gone", page=__file__, severity=Severity.WARNING)
_ANNOTATIONS = ("karpenter.sh/do-not-evict", "karpenter.sh/do-not-consolidate")
_PROVISIONER = "karpenter.sh/provisioner-name"


@rule(KEY_GONE, tags=("karpenter", "scheduling"))
def key_gone(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Annotations and labels of Karpenter's first versions."""
    for key in mapping(pod_metadata(pod).get("annotations")):
        if key in _ANNOTATIONS:
            path: Path = (*pod.path[:-1], "metadata", "annotations", key)
            text = f"{format_path(path, pod.subject.data)}: Karpenter ignores it and may disrupt the pod"
            yield ObjectFinding(KEY_GONE, path, text, 'use karpenter.sh/do-not-disrupt: "true"')
    for path, key in node_labels(pod):
        if key == _PROVISIONER:
            text = f"{format_path(path, pod.subject.data)}: nodes no longer have the label {key}"
            yield ObjectFinding(KEY_GONE, path, text, "karpenter.sh/nodepool")


RULES = (key_gone,)
