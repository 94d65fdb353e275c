"""Driver files that a pod mounts from the host, in addition to the injected ones."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

BY_HAND = define("BP6580", "driver-mounted-by-hand", page=__file__, severity=Severity.WARNING)
_OF_THE_DRIVER = lazy_pattern(
    r"/dev/nvidia.*|/usr/local/nvidia(/.*)?|/usr/lib(64)?/(.*/)?nvidia.*|.*/(libcuda\.|libnvidia-).*|.*/nvidia-smi"
)


@rule(BY_HAND, tags=("gpu-access",))
def by_hand(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """Driver libraries and devices mounted with hostPath, in pods that request GPUs."""
    for index, volume in enumerate(items(pod.spec.get("volumes")) if pod.requests else ()):
        path = inside(volume, "hostPath", "path")
        if isinstance(path, str) and _OF_THE_DRIVER.fullmatch(path):
            at = (*pod.path, "volumes", index, "hostPath", "path")
            text = f"{format_path(at, pod.subject.data)} is {path}, which the container runtime already provides"
            yield ObjectFinding(BY_HAND, at, text, "remove the volume and its mounts")


RULES = (by_hand,)
