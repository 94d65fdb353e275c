"""Suggestions for unknown GPU product names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from blueprint.catalog.catalog import Catalog
from blueprint.diagnostics import nearest
from blueprint.patterns import lazy_pattern

_WORD = lazy_pattern(r"[a-z0-9]+")
_BRANDS = frozenset({"nvidia", "tesla"})
_SYSTEMS = frozenset({"dgx", "hgx"})
"""Systems with a board of GPUs that NVLink connects: the GPUs with an SXM connector, if there are others."""
_OF_MACHINES = {"dgx-spark": "GB10"}
_VGPU = lazy_pattern(r"(?:grid-)?([a-z0-9-]+)-\d{1,3}[abcq]", re.IGNORECASE)
_NOT_NVIDIA = "only NVIDIA's GPUs are supported"
_OTHERS: tuple[tuple[str, str], ...] = (
    (r"(amd|instinct|radeon|firepro)\b.*|mi-?\d{2,3}[a-z]?\b.*|rx-?\d{4}\b.*", f"an AMD GPU: {_NOT_NVIDIA}"),
    (
        r"(intel|gaudi|habana|ponte|arc|flex)(\b|\d).*|hl-?\d{3}.*|(gpu-)?max-?\d{4}.*",
        f"an Intel accelerator: {_NOT_NVIDIA}",
    ),
    (
        r"(huawei|ascend|cambricon|mlu|kunlun|biren|enflame|iluvatar|metax|hygon|dcu)(\b|\d).*|910[a-d]\b.*",
        f"an accelerator of another vendor: {_NOT_NVIDIA}",
    ),
    (
        r"(jetson|tegra|orin|xavier|thor|drive|igx)(\b|\d).*|agx-.*",
        "a Tegra (Jetson, DRIVE, IGX), whose integrated GPU the GPU Operator does not support",
    ),
    (
        r"(google-)?(cloud-)?tpu.*|(trainium|inferentia|trn|inf)\d?.*",
        f"an accelerator of a cloud: {_NOT_NVIDIA}",
    ),
    (
        r"(tesla-)?k(10|20|40|80)[a-z]{0,2}|grid-k\d\w*|quadro-k\d{4}\w*",
        "a Kepler GPU, which no driver after branch 470 supports",
    ),
)
"""Names of accelerators that the platform does not support."""


def likely_products(declared: str, catalog: Catalog) -> list[str]:
    """The products that a declared name may refer to, the most likely first; empty if nothing is similar.

    It may be the name in NVML, in the node label `nvidia.com/gpu.product`, or a part of the product's name: A6000.
    """
    if product := _OF_MACHINES.get(_dashed(declared)):
        return [product]
    if called := [name for name in catalog.products if declared in _called(name, catalog)]:
        return called
    words = [word for word in _WORD.findall(declared.casefold()) if word not in _BRANDS | _SYSTEMS]
    if found := [name for name in catalog.products if words and _has(words, _WORD.findall(name.casefold()))]:
        boards = [name for name in found if "SXM" in name] if _SYSTEMS & {*_WORD.findall(declared.casefold())} else []
        return sorted(boards or found, key=lambda name: (len(name), name))
    if found := [name for name in catalog.products if words and _has_joined("".join(words), name)]:
        return found
    near = nearest(declared, catalog.products)
    if near and _same_model(declared, near):
        return [near]
    model = _model(declared)
    return [name for name in catalog.products if model and _model(name) == model]


def whole_of_vgpu(declared: str, catalog: Catalog) -> tuple[str, ...] | None:
    """The products of which a name denotes a virtual part, as NVML calls it in the guest (`NVIDIA A40-12Q`), as far as
    they are known; None if the name is of no vGPU.
    """
    found = _VGPU.fullmatch(_dashed(declared))
    if found is None:
        return None
    exact = tuple(name for name in catalog.products if name.casefold() == found[1])
    return exact or tuple(likely_products(found[1], catalog))


def _dashed(declared: str) -> str:
    return re.sub(r"[\s_]+", "-", declared.casefold()).removeprefix("nvidia-")


def unsupported(declared: str) -> str | None:
    """Why a name does not refer to a GPU that the platform supports; None if it may."""
    word = _dashed(declared)
    kind = next((kind for pattern, kind in _OTHERS if re.fullmatch(pattern, word)), None)
    return f"it is {kind}" if kind else None


def _same_model(declared: str, product: str) -> bool:
    """Whether a misspelt name has the product's model number: an RTX 3080 is not a misspelt RTX 5080."""
    mine, its = _model(declared), _model(product)
    return bool(its) and (mine == its or (mine.endswith(its) and mine.removesuffix(its) in ("rtx", "gtx", "geforce")))


def _model(name: str) -> str:
    """The first word with a digit, with letters that resemble digits replaced: `h100` for H1OO-SXM5-80GB."""
    words = (word.replace("o", "0") if re.search(r"\d", word) else word for word in _WORD.findall(name.casefold()))
    return next((word for word in words if re.search(r"\d", word)), "")


def _has_joined(word: str, product: str) -> bool:
    """Whether some consecutive words of a product's name, joined, are the word: RTX4090."""
    words = _WORD.findall(product.casefold())
    spans = range(len(words))
    return any("".join(words[start : end + 1]) == word for start in spans for end in spans)


def _called(name: str, catalog: Catalog) -> tuple[str, ...]:
    gpu = catalog.gpu(name)
    return (*gpu.nvml_names.value, gpu.gfd_product.value) if gpu else ()


def _has(words: Iterable[str], parts: list[str]) -> bool:
    """Whether every word is part of the name, as a whole or without a trailing number or unit (SXM5, 80GB)."""
    return all(any(re.fullmatch(re.escape(word) + r"\d?(gb)?", part) for part in parts) for word in words)
