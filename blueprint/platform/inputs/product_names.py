"""Which product somebody means by a name that no product has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from blueprint.catalog.catalog import Catalog
from blueprint.diagnostics import nearest

_WORD = re.compile(r"[a-z0-9]+")
_BRANDS = frozenset({"nvidia", "tesla"})


def likely_products(declared: str, catalog: Catalog) -> list[str]:
    """The products that a declared name may mean, likeliest first; empty where nothing comes near.

    It may be what NVML or the node label `nvidia.com/gpu.product` calls the product, or a part of its name: A6000.
    """
    if called := [name for name in catalog.products if declared in _called(name, catalog)]:
        return called
    words = [word for word in _WORD.findall(declared.casefold()) if word not in _BRANDS]
    if found := [name for name in catalog.products if words and _has(words, _WORD.findall(name.casefold()))]:
        return sorted(found, key=lambda name: (len(name), name))
    near = nearest(declared, catalog.products)
    return [near] if near else []


def _called(name: str, catalog: Catalog) -> tuple[str, ...]:
    gpu = catalog.gpu(name)
    return (*gpu.nvml_names.value, gpu.gfd_product.value) if gpu else ()


def _has(words: Iterable[str], parts: list[str]) -> bool:
    """Whether every word is a part of the name: whole, or but for a number or unit at its end (SXM5, 80GB)."""
    return all(any(re.fullmatch(re.escape(word) + r"\d?(gb)?", part) for part in parts) for word in words)
