"""Images, disks and reservations of EC2 instances."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.common.karpenter import made_by
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.units import quantity_value

IMAGE_LATEST = define("BP6511", "node-image-latest", page=__file__, severity=Severity.WARNING)
IMAGE_OUTDATED = define("BP6512", "node-image-outdated", page=__file__, severity=Severity.WARNING)
DRIVER_TWICE = define("BP6514", "driver-beside-node-image", page=__file__, severity=Severity.WARNING)
NO_DRIVER = define("BP6622", "node-image-without-driver", page=__file__, severity=Severity.WARNING)
DISK_SMALL = define("BP6515", "gpu-node-disk-small", page=__file__, severity=Severity.WARNING)
RESERVATION_UNUSED = define("BP6519", "reservation-unused", page=__file__, severity=Severity.WARNING)
_WITH_DRIVER = ("al2023", "bottlerocket")
"""Image families with NVIDIA's driver in their images for GPU instances."""
_WITHOUT_DRIVER = lazy_pattern(
    r"amazon-eks-node-al2023-[a-z0-9_]+-standard-.*"
    r"|/aws/service/eks/optimized-ami/[^/]+/amazon-linux-2023/[^/]+/standard/.*"
    r"|bottlerocket-aws-k8s-[0-9.]+-(x86_64|aarch64|arm64).*"
    r"|/aws/service/bottlerocket/aws-k8s-[0-9.]+/.*"
)
"""Names and parameters of AWS's images for nodes without GPUs; those with NVIDIA's driver have `nvidia` in their place
(awslabs/amazon-eks-ami#1817; Amazon EKS documentation, retrieve AMI ids).
"""
_LEAST = 100 * 1024**3


def _aliases(subject: Object) -> Iterator[tuple[Path, str, str]]:
    """The family and version of each image that AWS publishes, and its path."""
    path = ("spec", "amiSelectorTerms")
    for index, term in enumerate(map(mapping, items(inside(subject.data, *path)))):
        family, at, version = str(term.get("alias", "")).partition("@")
        if at:
            yield (*path, index, "alias"), family, version


@rule(IMAGE_LATEST, IMAGE_OUTDATED, tags=("karpenter", "reliability"))
def image_versions(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Images whose version changes automatically, or that are no longer published."""
    for path, family, version in _aliases(subject):
        if version == "latest" and not family.startswith("windows"):
            text = f"{family}@latest changes with each release of AWS, and Karpenter then replaces all nodes"
            yield ObjectFinding(IMAGE_LATEST, path, text, f"specify a version: {family}@v...")
        if family == "al2":
            text = "there are no images of Amazon Linux 2 from Kubernetes 1.33 on"
            yield ObjectFinding(IMAGE_OUTDATED, path, text, "use al2023@v...")


@rule(DRIVER_TWICE, tags=("karpenter", "operator"))
def driver_twice(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Drivers that the operator installs on images that already have one."""
    pools = made_by(subject, context)
    if pools is None or not pools.of_gpus:
        return
    policy = context.operator.cluster_policy
    installs = policy is not None and inside(policy.data, "spec", "driver", "enabled") is not False
    for path, family, _ in _aliases(subject) if installs else ():
        if family in _WITH_DRIVER:
            text = f"images of {family} for GPU instances have a driver, but the GPU Operator installs another one"
            yield ObjectFinding(DRIVER_TWICE, path, text, "set driver: {enabled: false} in the ClusterPolicy")


@rule(NO_DRIVER, tags=("karpenter", "driver"))
def no_driver(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPU nodes from an image without a driver, which the operator does not install either."""
    pools = made_by(subject, context)
    policy = context.operator.cluster_policy
    if pools is None or not pools.of_gpus or (policy and inside(policy.data, "spec", "driver", "enabled") is not False):
        return
    path = ("spec", "amiSelectorTerms")
    for index, term in enumerate(map(mapping, items(inside(subject.data, *path)))):
        for field in ("name", "ssmParameter"):
            if _WITHOUT_DRIVER.fullmatch(str(term.get(field, ""))):
                text = (
                    f"{term[field]} has no NVIDIA driver, so the nodes of NodePool {pools.first.id.name} offer no GPUs"
                )
                help_ = "select AWS's image with nvidia in its name, or by alias: al2023@v..."
                yield ObjectFinding(NO_DRIVER, (*path, index, field), text, help_)


@rule(DISK_SMALL, tags=("karpenter", "reliability"))
def disk_small(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """GPU nodes whose disk is too small for the images of the GPU stack."""
    pools = made_by(subject, context)
    if pools is None or not pools.of_gpus:
        return
    if inside(subject.data, "spec", "instanceStorePolicy") == "RAID0":
        return  # container images are on the local disks
    path = ("spec", "blockDeviceMappings")
    volumes = [*enumerate(map(mapping, items(inside(subject.data, *path))))]
    sizes = {index: str(mapping(each.get("ebs")).get("volumeSize", "")) for index, each in volumes}
    if not sizes:
        text = "spec.blockDeviceMappings is missing, and the default disk of 20 GB is too small for GPU images"
        yield ObjectFinding(DISK_SMALL, ("spec",), text, "add a root volume of at least 100Gi")
    elif all(_bytes(size) < _LEAST for size in sizes.values() if size) and any(sizes.values()):
        index = next(index for index, size in sizes.items() if size)
        text = f"a disk of {sizes[index]} is too small for GPU images"
        yield ObjectFinding(DISK_SMALL, (*path, index, "ebs", "volumeSize"), text, "use at least 100Gi")


def _bytes(size: str) -> float:
    try:
        return float(quantity_value(size))
    except ValueError:
        return float(_LEAST)


@rule(RESERVATION_UNUSED, tags=("karpenter", "cost"))
def reservation_unused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Capacity reservations that are paid for but not used by any NodePool."""
    path = ("spec", "capacityReservationSelectorTerms")
    pools = made_by(subject, context)
    if items(inside(subject.data, *path)) and pools and not pools.reserved:
        text = f"NodePool {pools.first.id.name} uses no reserved machines, so the reservations are not used"
        help_ = "add capacity-type In [reserved, on-demand] to the NodePool's requirements"
        yield ObjectFinding(RESERVATION_UNUSED, path, text, help_)


RULES = (image_versions, driver_twice, no_driver, disk_small, reservation_unused)
