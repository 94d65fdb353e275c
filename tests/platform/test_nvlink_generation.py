"""NVLink 5 was introduced with Blackwell: no product of an earlier architecture counts errors in its fields."""

from __future__ import annotations

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.platform.observability.exporter import may_have_nvlink5

CATALOG = load_catalog()


@pytest.mark.parametrize("product", CATALOG.products)
def test_only_blackwell_may_have_nvlink_5(product: str) -> None:
    gpu = CATALOG.gpu(product)
    assert gpu
    if may_have_nvlink5(gpu):
        assert gpu.architecture.value == "Blackwell"


def test_some_products_have_it() -> None:
    assert may_have_nvlink5(CATALOG.gpu("B200"))
