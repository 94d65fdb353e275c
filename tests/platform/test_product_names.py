"""The suggestions for a GPU named as the vendor, the node label or users name it."""

from __future__ import annotations

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.platform.inputs.product_names import likely_products, unsupported

CATALOG = load_catalog()


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("NVIDIA-H100-80GB-HBM3", "H100-SXM5-80GB"),
        ("NVIDIA H200", "H200-SXM-141GB"),
        ("Tesla-T4", "T4"),
        ("A6000", "RTX-A6000"),
        ("RTX-4090", "GeForce-RTX-4090"),
        ("RTX 6000 Ada", "RTX-6000-Ada"),
        ("H100-SXM", "H100-SXM5-80GB"),
        ("nvidia-l40s", "L40S"),
        ("H200-NVL", "H200-NVL-141GB"),
        ("H10O-SXM5-80GB", "H100-SXM5-80GB"),
    ],
)
def test_the_intended_product_comes_first(said: str, first: str) -> None:
    assert likely_products(said, CATALOG)[0] == first


def test_a_name_that_several_products_share_offers_all_of_them() -> None:
    assert {"H100-SXM5-80GB", "H100-NVL-94GB", "H100-PCIe-80GB"} <= set(likely_products("H100", CATALOG))


def test_names_that_resemble_no_product_get_no_suggestion() -> None:
    assert likely_products("MI300X-OAM-192", CATALOG) == []


@pytest.mark.parametrize("product", CATALOG.products)
def test_every_name_that_a_node_shows_leads_to_its_product(product: str) -> None:
    gpu = CATALOG.gpu(product)
    assert gpu
    for name in (*gpu.nvml_names.value, gpu.gfd_product.value):
        assert likely_products(name, CATALOG) == [product]


@pytest.mark.parametrize("product", CATALOG.products)
def test_no_product_of_the_catalogue_is_taken_for_another_vendors(product: str) -> None:
    assert unsupported(product) is None


@pytest.mark.parametrize(
    "name", ["MI300X", "Instinct-MI250", "Radeon-PRO-W7900", "Gaudi3", "Max-1550", "Jetson-AGX-Orin", "Orin", "Thor"]
)
def test_other_vendors_and_integrated_gpus_are_refused_by_name(name: str) -> None:
    assert unsupported(name)


@pytest.mark.parametrize("name", ["VR200", "GeForce-RTX-3080", "RTX-A2000", "GeForce-RTX-4060-Ti", "GTX-1080-Ti"])
def test_a_product_with_another_number_is_not_a_misspelling(name: str) -> None:
    assert likely_products(name, CATALOG) == []
