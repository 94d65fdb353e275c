"""Every quantity of Kubernetes' built-in kinds is known as a quantity."""

from __future__ import annotations

from blueprint.check.schema_walk import is_quantity
from blueprint.kubernetes.api import load_kubernetes

MADE_BY_MACHINES = {"Counter", "DeviceCapacity", "CSIStorageCapacity", "NodeAllocatableResourceMapping",
                    "CapacityRequestPolicy", "CapacityRequestPolicyRange"}  # fmt: skip
"""Definitions that drivers fill in and users do not declare."""


def test_every_quantity_that_can_be_declared_is_known_as_one() -> None:
    """Otherwise another spelling of it would always be reported as a difference."""
    found = []
    for name, definition in load_kubernetes("1.36").definitions.items():
        for field, schema in definition.get("properties", {}).items():
            if _quantity(schema):
                found.append((name, ("target", field)))
            elif _quantity(schema.get("additionalProperties")):
                found.append((name, (field, "cpu")))
    declared = [(name, path) for name, path in found if name.rpartition(".")[2] not in MADE_BY_MACHINES]
    assert len(declared) > 15
    assert [each for each in declared if not is_quantity(each[1])] == []


def _quantity(schema: object) -> bool:
    return isinstance(schema, dict) and str(schema.get("$ref", "")).endswith(".api.resource.Quantity")
