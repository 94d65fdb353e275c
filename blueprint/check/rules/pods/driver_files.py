"""Driver files that a pod mounts from the host, in addition to the injected ones."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.source.paths import format_path

BY_HAND = define("BP6580", "driver-mounted-by-hand", page=__file__, severity=Severity.WARNING)
_EFA = "vpc.amazonaws.com/efa"
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


@rule(BY_HAND, tags=("network",))
def all_adapters(pod: DescribedPod, context: RuleContext) -> Iterator[ObjectFinding]:
    """All RDMA adapters of the host, mounted in a pod with EFA interfaces.

    libfabric's EFA provider opens every device that it sees, and finds none if it may not open one of them: measured on
    B200 instances, which have other adapters as well (aws-samples/aws-do-eks#63).
    """
    if not any(_EFA in mapping(inside(container, "resources", "limits")) for _, container in pod.containers):
        return
    for index, volume in enumerate(items(pod.spec.get("volumes"))):
        path = inside(volume, "hostPath", "path")
        if isinstance(path, str) and path.rstrip("/") == "/dev/infiniband":
            at = (*pod.path, "volumes", index, "hostPath", "path")
            what = f"{format_path(at, pod.subject.data)} is {path}, which has adapters that are not the pod's"
            help_ = f"remove the volume and its mounts: {_EFA} provides the devices"
            yield ObjectFinding(BY_HAND, at, f"{what}: libfabric then finds no EFA interface", help_)


RULES = (by_hand, all_adapters)
