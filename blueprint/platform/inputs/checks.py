"""Checks of names that must be in the catalogue: the release, and GPU products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blueprint.diagnostics import Diagnostic, Fix
from blueprint.platform import codes
from blueprint.platform.check_context import CheckContext
from blueprint.platform.inputs.product_names import likely_products, unsupported, whole_of_vgpu
from blueprint.platform.paths import POOLS
from blueprint.records import replace
from blueprint.source.paths import Path


def check_names(context: CheckContext) -> Iterator[Diagnostic]:
    """Report names that are not in the catalogue."""
    if context.catalog.release(context.inputs.written.spec.release) is None:
        path: Path = ("spec", "release")
        yield context.unknown_name(path, codes.UNKNOWN_RELEASE, "release", context.catalog.releases)
    for name, pool in context.inputs.completed.spec.node_pools.items():
        if pool.gpu is not None and context.catalog.gpu(pool.gpu.product) is None:
            yield _unknown_product(context, name, pool.gpu.product)


def _of_vgpu(products: Sequence[str]) -> str:
    whole = products[0] if len(products) == 1 else "that of the whole GPU"
    return (
        f"for an instance type with a fraction of a GPU, set product to {whole} and machine.instanceType to "
        "the type; other guests with vGPU are not supported"
    )


def _unknown_product(context: CheckContext, pool: str, product: str) -> Diagnostic:
    path = (*POOLS, pool, "gpu", "product")
    found = context.unknown_name(path, codes.UNKNOWN_PRODUCT, "GPU product", context.catalog.products)
    if why := unsupported(product):
        return replace(found, message=f"{found.message}: {why}", help="remove the pool from this blueprint", fix=None)
    if (whole := whole_of_vgpu(product, context.catalog)) is not None:
        return replace(
            found,
            message=f"{found.message}: this name means a fraction of a GPU, with vGPU",
            help=_of_vgpu(whole),
            fix=None,
        )
    near = likely_products(product, context.catalog)
    if near[1:]:
        return replace(found, help=f"similar products: {', '.join(near)}", fix=None)
    if near and found.at is not None:
        return replace(found, help=None, fix=Fix(found.at, near[0]))
    known = f"`blueprint explain` lists the {len(context.catalog.products)} known products"
    return replace(found, help=f"describe it in a file that spec.hardware names; {known}", fix=None)
