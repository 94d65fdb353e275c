"""Suggestions for unknown GPU product names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from blueprint.catalog.catalog import Catalog
from blueprint.diagnostics import nearest

_WORD = re.compile(r"[a-z0-9]+")
_BRANDS = frozenset({"nvidia", "tesla"})
_TEGRA = "a Tegra (Jetson, DRIVE, IGX)"
_OTHERS: tuple[tuple[str, str], ...] = (
    (r"(amd|instinct|radeon|firepro)\b.*|mi-?\d{2,3}[a-z]?\b.*", "an AMD GPU"),
    (
        r"(intel|gaudi|habana|ponte|arc|flex)(\b|\d).*|hl-?\d{3}.*|(gpu-)?max-?\d{4}.*",
        "an Intel accelerator",
    ),
    (r"(jetson|tegra|orin|xavier|thor|drive|igx)(\b|\d).*|agx-.*", _TEGRA),
    (r"(google-)?(cloud-)?tpu.*|(trainium|inferentia|trn|inf)\d?.*", "an accelerator of a cloud"),
)
"""Names of accelerators that the platform does not support."""


def likely_products(declared: str, catalog: Catalog) -> list[str]:
    """The products that a declared name may refer to, the most likely first; empty if nothing is similar.

    It may be the name in NVML, in the node label `nvidia.com/gpu.product`, or a part of the product's name: A6000.
    """
    if called := [name for name in catalog.products if declared in _called(name, catalog)]:
        return called
    words = [word for word in _WORD.findall(declared.casefold()) if word not in _BRANDS]
    if found := [name for name in catalog.products if words and _has(words, _WORD.findall(name.casefold()))]:
        return sorted(found, key=lambda name: (len(name), name))
    near = nearest(declared, catalog.products)
    if near and _same_model(declared, near):
        return [near]
    model = _model(declared)
    return [name for name in catalog.products if model and _model(name) == model]


def unsupported(declared: str) -> str | None:
    """Why a name does not refer to a GPU that the platform supports; None if it may."""
    word = re.sub(r"[\s_]+", "-", declared.casefold()).removeprefix("nvidia-")
    kind = next((kind for pattern, kind in _OTHERS if re.fullmatch(pattern, word)), None)
    if kind == _TEGRA:
        return f"it is {kind}, whose integrated GPU the GPU Operator does not support"
    return f"it is {kind}: only NVIDIA's GPUs are supported" if kind else None


def _same_model(declared: str, product: str) -> bool:
    """Whether a misspelt name has the product's model number: an RTX 3080 is not a misspelt RTX 5080."""
    mine, its = _model(declared), _model(product)
    return bool(its) and (mine == its or (mine.endswith(its) and mine.removesuffix(its) in ("rtx", "gtx", "geforce")))


def _model(name: str) -> str:
    """The first word with a digit, with letters that resemble digits replaced: `h100` for H1OO-SXM5-80GB."""
    words = (word.replace("o", "0") if re.search(r"\d", word) else word for word in _WORD.findall(name.casefold()))
    return next((word for word in words if re.search(r"\d", word)), "")


def _called(name: str, catalog: Catalog) -> tuple[str, ...]:
    gpu = catalog.gpu(name)
    return (*gpu.nvml_names.value, gpu.gfd_product.value) if gpu else ()


def _has(words: Iterable[str], parts: list[str]) -> bool:
    """Whether every word is part of the name, as a whole or without a trailing number or unit (SXM5, 80GB)."""
    return all(any(re.fullmatch(re.escape(word) + r"\d?(gb)?", part) for part in parts) for word in words)
