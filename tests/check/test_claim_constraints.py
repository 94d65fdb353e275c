"""The values that selectors require, read from the expression alone."""

from __future__ import annotations

import pytest

from blueprint.cel.device_reads import AttributeReference
from blueprint.cel.syntax import parse
from blueprint.check.claims.constraints import allowed_texts, minimum_amount

PROFILE = AttributeReference("attributes", "gpu.nvidia.com", "profile")
P = "device.attributes['gpu.nvidia.com'].profile"
M = "device.capacity['gpu.nvidia.com'].memory"


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        (f"{P} == '1g.5gb'", ("1g.5gb",)),
        (f"'1g.5gb' == {P}", ("1g.5gb",)),
        (f"{P} in ['1g.5gb', '2g.10gb']", ("1g.5gb", "2g.10gb")),
        (f"{P} == '1g.5gb' || {P} == '2g.10gb'", ("1g.5gb", "2g.10gb")),
        (f"{P} != '1g.5gb'", None),
        (f"{P} == '1g.5gb' || true", None),
        (f"{P} == {P}", None),
        (f"'1g.5gb' in {P}", None),
        (f"{P} in ['1g.5gb', {P}]", None),
        ("device.attributes['gpu.nvidia.com'].productName == '1g.5gb'", None),
        ("true", None),
    ],
)
def test_texts_that_an_attribute_may_have(expression: str, texts: tuple[str, ...] | None) -> None:
    assert allowed_texts(parse(expression), PROFILE) == texts


@pytest.mark.parametrize(
    ("expression", "amount"),
    [
        (f"{M}.compareTo(quantity('80Gi')) >= 0", "80Gi"),
        (f"{M}.compareTo(quantity('80Gi')) > 0", "80Gi"),
        (f"{M}.isGreaterThan(quantity('80Gi'))", "80Gi"),
        (f"{M}.compareTo(quantity('80Gi')) <= 0", None),
        (f"{M}.compareTo(quantity('80Gi')) >= 1", None),
        (f"{M}.isLessThan(quantity('80Gi'))", None),
        (f"quantity('80Gi').isGreaterThan({M})", None),
        (f"{M}.compareTo({M}) >= 0", None),
        (f"{M}.compareTo(quantity({P})) >= 0", None),
        ("device.capacity['gpu.nvidia.com'].cores.compareTo(quantity('8')) >= 0", None),
    ],
)
def test_the_least_memory(expression: str, amount: str | None) -> None:
    assert minimum_amount(parse(expression)) == amount
