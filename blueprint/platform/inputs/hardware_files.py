"""GPU products in the blueprint's own files, in the catalogue's format, listed in `spec.hardware`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.codes import HARDWARE_MATCHES_NOTHING
from blueprint.catalog.hardware import Gpu
from blueprint.catalog.loader import read_text
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.patterns import lazy_pattern
from blueprint.platform.codes import UNKNOWN_PRODUCT
from blueprint.records import replace
from blueprint.source.layers import Layered
from blueprint.source.matching import matching_files, patterns_at, read_input
from blueprint.source.paths import Path

AT: Path = ("spec", "hardware")
_OTHER_VENDOR = lazy_pattern(r"\b(?!10de:)[0-9a-f]{4}:[0-9a-f]{4}\b", re.IGNORECASE)


def with_own_hardware(catalog: Catalog, layered: Layered) -> tuple[Catalog, list[Diagnostic]]:
    """The catalogue with the blueprint's own products, and errors in their files."""
    problems: list[Diagnostic] = []
    files: dict[str, tuple[str, Path]] = {}
    for index, pattern in enumerate(patterns_at(layered, AT)):
        try:
            for name in matching_files(layered, pattern, HARDWARE_MATCHES_NOTHING):
                files.setdefault(name, (read_input(layered, name, pattern), (*AT, index)))
        except Refused as refused:
            problems.extend(refused.diagnostics)
    for name, (text, named_at) in files.items():
        try:
            catalog = catalog.with_product(read_text(text, name, Gpu), named_at)
        except Refused as refused:
            problems.extend(_of_another_vendor(refused.diagnostics, text) or refused.diagnostics)
    return catalog, problems


def _of_another_vendor(found: Iterable[Diagnostic], text: str) -> list[Diagnostic]:
    """A single finding for a file that describes another vendor's product; empty for NVIDIA's."""
    for each in found:
        if (each.path or "").startswith("pciDeviceIds") and "10de:" in each.message:
            lines = text.splitlines()[each.at.line - 1 : each.at.end_line] if each.at else []
            vendor = any(_OTHER_VENDOR.search(line) for line in lines)
            message = "only NVIDIA products, whose PCI ids begin with 10de, are supported"
            return [replace(each, message=message)] if vendor else []
    return []


def causes_only(found: list[Diagnostic], problems: list[Diagnostic]) -> list[Diagnostic]:
    """The findings without products that are unknown only because one of the user's files is invalid."""
    return [each for each in found if not problems or each.code is not UNKNOWN_PRODUCT]
