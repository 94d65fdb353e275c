"""Misspelt names of RuntimeClasses."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext
from blueprint.diagnostics import Severity, define, nearest
from blueprint.source.paths import format_path

MISSPELLED = define("BP6172", "runtime-class-misspelled", page=__file__, severity=Severity.WARNING)
_OF_NVIDIA = {"nvidia", "nvidia-cdi", "nvidia-legacy", "nvidia-experimental"}
"""RuntimeClasses that the GPU Operator, its toolkit, k3s and RKE2 create."""


@rule(MISSPELLED, tags=("gpu-access",))
def misspelled(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Names without an object that closely resemble NVIDIA's RuntimeClasses."""
    name = pod.spec.get("runtimeClassName")
    if not isinstance(name, str) or name in _OF_NVIDIA or context.find("RuntimeClass", name):
        return
    if near := nearest(name, _OF_NVIDIA):
        path = (*pod.path, "runtimeClassName")
        text = f"{format_path(path, pod.subject.data)} is {name}, but no RuntimeClass has that name"
        yield ObjectFinding(MISSPELLED, path, text, f"did you mean {near}?")


RULES = (misspelled,)
