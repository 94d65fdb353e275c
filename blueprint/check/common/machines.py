"""The GPUs of instance types."""

from __future__ import annotations

from collections.abc import Mapping

INSTANCE_TYPE = "node.kubernetes.io/instance-type"
_COUNTS = ("karpenter.k8s.aws/instance-gpu-count", "eks.amazonaws.com/instance-gpu-count")


def gpus_of_pool(values: Mapping[str, list[str]]) -> Mapping[str, int]:
    """The GPUs of each instance type, or of each instance, by the values that a NodePool allows; empty if unknown."""
    if names := values.get(INSTANCE_TYPE):
        return gpus_of(names)
    counts = next((values[key] for key in _COUNTS if key in values), [])
    return {f"{each} per instance": int(each) for each in counts} if all(map(str.isdecimal, counts)) else {}


def gpus_of(names: list[str]) -> Mapping[str, int]:
    """The GPUs of instance types; empty if the catalogue does not know one of them. A part of a GPU counts as one."""
    from blueprint.catalog.catalog import load_catalog  # takes a tenth of a second and is rarely needed

    found = {name: load_catalog().machine(name) for name in names}
    with_gpus = {name: each for name, each in found.items() if each and (each.gpus or each.vgpu)}
    known = {name: each.gpus.value if each.gpus else 1 for name, each in with_gpus.items()}
    return known if len(known) == len(found) else {}
