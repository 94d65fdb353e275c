"""NodePools that the API server or Karpenter rejects, and fields that moved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.karpenter import AWS, GROUP, requirements
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.source.paths import format_path

OLD_FIELDS = define("BP6563", "nodepool-of-v1beta1", page=__file__)
REQUIREMENT = define("BP6564", "nodepool-requirement", page=__file__)
_COMPARE = ("Gt", "Lt", "Gte", "Lte")


@rule(OLD_FIELDS, tags=("karpenter",), of_form=True)
def old_fields(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Fields of v1beta1 in a NodePool of v1."""
    if subject.api_version != f"{GROUP}/v1":
        return
    reference = inside(subject.data, "spec", "template", "spec", "nodeClassRef")
    at: Path = ("spec", "template", "spec", "nodeClassRef")
    if isinstance(reference, Mapping) and "group" not in reference:
        old = str(reference.get("apiVersion") or f"{AWS}/v1").partition("/")[0]
        yield ObjectFinding(OLD_FIELDS, at, f"{format_path(at)} has no group, which v1 requires", f"set group: {old}")
    disruption = mapping(inside(subject.data, "spec", "disruption"))
    if disruption.get("consolidationPolicy") == "WhenUnderutilized":
        path: Path = ("spec", "disruption", "consolidationPolicy")
        text = f"{format_path(path)} is WhenUnderutilized, which v1 no longer supports"
        yield ObjectFinding(OLD_FIELDS, path, text, "use WhenEmptyOrUnderutilized")
    if disruption and "consolidateAfter" not in disruption:
        path = ("spec", "disruption")
        yield ObjectFinding(OLD_FIELDS, path, f"{format_path(path)} has no consolidateAfter, which v1 requires",
                            "set consolidateAfter to a duration, or to 0s")  # fmt: skip
    for path, new in ((("spec", "disruption", "expireAfter"), "spec.template.spec.expireAfter"),
                      (("spec", "template", "spec", "kubelet"), "spec.kubelet of the EC2NodeClass")):  # fmt: skip
        if inside(subject.data, *path) is not None:
            text = f"v1 has no field {format_path(path)}: the API server drops it"
            yield ObjectFinding(OLD_FIELDS, path, text, f"move it to {new}", Severity.WARNING)


@rule(REQUIREMENT, tags=("karpenter",))
def requirement(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Requirements that no node can satisfy, or that are rejected."""
    for path, each in requirements(subject):
        yield from _key(subject, (*path, "key"), each.get("key"))
        if fault := _values(each) or _capacity_types(each):
            at = (*path, "values") if "values" in each else path
            yield ObjectFinding(REQUIREMENT, at, f"{format_path(at, subject.data)}: {fault}")
    labels = ("spec", "template", "metadata", "labels")
    for key in mapping(inside(subject.data, *labels)):
        yield from _key(subject, (*labels, key), key)


def _key(subject: Object, path: Path, key: Any) -> Iterator[ObjectFinding]:
    domain, _, name = str(key).rpartition("/")
    field = format_path(path, subject.data)
    if key == "kubernetes.io/hostname":
        yield ObjectFinding(REQUIREMENT, path, f"{field} is {key}, which is different for every node", "remove it")
    elif domain == GROUP and name != "capacity-type":
        help_ = "only karpenter.sh/capacity-type is allowed; use your own domain for other labels"
        yield ObjectFinding(
            REQUIREMENT, path, f"{field} is {key}, but the domain {GROUP} is reserved for Karpenter", help_
        )
    elif domain == AWS and name not in _AWS_KEYS:
        near = nearest(name, _AWS_KEYS)
        help_ = f"did you mean {AWS}/{near}?" if near else f"see Karpenter's reference for the labels of {AWS}"
        yield ObjectFinding(REQUIREMENT, path, f"{field}: Karpenter has no label {key}", help_, Severity.WARNING)


def _values(requirement: Mapping[Any, Any]) -> str | None:
    operator, values = requirement.get("operator"), items(requirement.get("values"))
    least = requirement.get("minValues")
    if operator == "In" and not values:
        return "In needs values"
    if operator == "In" and isinstance(least, int) and least > len(values):
        return f"minValues is {least}, but the number of values is {len(values)}"
    if operator in _COMPARE and not (len(values) == 1 and re.fullmatch(r"[0-9]+", str(values[0]))):
        return f"{operator} needs exactly one integer"
    return None


def _capacity_types(requirement: Mapping[Any, Any]) -> str | None:
    """An unknown capacity type: no node has such a label."""
    if requirement.get("key") != f"{GROUP}/capacity-type" or requirement.get("operator") != "In":
        return None
    wrong = next((str(each) for each in items(requirement.get("values")) if each not in _CAPACITY_TYPES), None)
    return f"{wrong} is not one of {', '.join(_CAPACITY_TYPES)}" if wrong else None


_CAPACITY_TYPES = ("on-demand", "spot", "reserved")
_AWS_KEYS = (
    "capacity-reservation-id", "capacity-reservation-interruptible", "capacity-reservation-type", "ec2nodeclass",
    "instance-accelerator-count", "instance-accelerator-manufacturer", "instance-accelerator-name",
    "instance-capability-flex", "instance-category", "instance-cpu", "instance-cpu-manufacturer",
    "instance-cpu-sustained-clock-speed-mhz", "instance-ebs-bandwidth", "instance-encryption-in-transit-supported",
    "instance-family", "instance-generation", "instance-gpu-count", "instance-gpu-manufacturer", "instance-gpu-memory",
    "instance-gpu-name", "instance-hypervisor", "instance-local-nvme", "instance-memory", "instance-network-bandwidth",
    "instance-size", "instance-tenancy", "nitro-sandbox", "placement-group-id", "placement-group-partition",
)  # fmt: skip
"""Labels of Karpenter's AWS provider, v1.14, without their domain."""
RULES = (old_fields, requirement)
