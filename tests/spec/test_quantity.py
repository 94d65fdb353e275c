"""Quantities take the form in which the API server stores them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.kubernetes.api import load_kubernetes
from blueprint.spec.quantity import canonical_quantity, is_quantity, quantity_value


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("1000m", "1"), ("1500m", "1500m"), ("1.5", "1500m"), ("0.5", "500m"), ("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"),
        ("1000", "1k"), ("1024", "1024"), ("1Ki", "1Ki"), ("0.5Ki", "512"), ("512Mi", "512Mi"), ("1e3", "1e3"),
        ("12e6", "12e6"), ("1E2", "100"), ("0", "0"), ("0Gi", "0"), ("-1024Ki", "-1Mi"), ("100n", "100n"),
        ("0.1n", "1n"), ("-0.1n", "-1n"), ("1Ei", "1Ei"), ("1025Ki", "1025Ki"), ("+1", "1"), (".5", "500m"),
        ("5.", "5"), ("1000000k", "1G"), ("0.0001Ki", "102400u"), (8, "8"), (1.5, "1500m"), (1000000, "1M"),
    ],
)  # fmt: skip
def test_the_stored_form(written: str | float, stored: str) -> None:
    """As k8s.io/apimachinery/pkg/api/resource does it."""
    assert canonical_quantity(written) == stored


@pytest.mark.parametrize(
    "text", ["", "1GB", "1 Gi", "Gi", "1ki", "--1", "1e", "1e1.5", "1e999", "0x10", "1_000", "nan"]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        canonical_quantity(text)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-3"]))
def test_the_stored_form_is_stable_and_means_the_same(number: int, suffix: str) -> None:
    stored = canonical_quantity(f"{number}{suffix}")
    assert canonical_quantity(stored) == stored
    assert quantity_value(stored) == quantity_value(f"{number}{suffix}")


MADE_BY_MACHINES = {"Counter", "DeviceCapacity", "CSIStorageCapacity", "NodeAllocatableResourceMapping",
                    "CapacityRequestPolicy", "CapacityRequestPolicyRange"}  # fmt: skip
"""Definitions that drivers fill in and nobody declares."""


def test_every_quantity_that_can_be_declared_is_known_as_one() -> None:
    """Otherwise another spelling of it is a difference for ever."""
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
