"""Collects all codes from modules named `codes` and from those of rules and checks; there is no central list."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
from functools import cache

from blueprint.diagnostics.model import Code, Severity

_WITH_CODES = (
    "blueprint.check.claims.",
    "blueprint.check.common.",
    "blueprint.check.rules.",
    "blueprint.probe.checks.",
)
"""Packages in which each module defines everything about its subject, including codes."""
_BY_ID: dict[str, Code] = {}
_BY_SLUG: dict[str, Code] = {}


def define(
    code_id: str,
    slug: str,
    about: str = "",
    *,
    severity: Severity = Severity.ERROR,
    conceals: bool = False,
    page: str | None = None,
) -> Code:
    """Register a code and return it. A duplicate ID or slug is a bug and raises ValueError.

    `page` is the `__file__` of the module: the code is then explained by `BPxxxx.md` in the same folder.
    """
    if not re.fullmatch(r"BP\d{4}", code_id) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise ValueError(f"not a code and a slug: {code_id} {slug}")
    if code_id in _BY_ID or slug in _BY_SLUG:
        raise ValueError(f"{code_id} {slug} is defined twice")
    page_file = os.path.join(os.path.dirname(page), f"{code_id}.md") if page else None  # noqa: PTH118, PTH120 - cheap
    code = Code(code_id, slug, severity, about.strip(), conceals, page_file)
    _BY_ID[code_id] = _BY_SLUG[slug] = code
    return code


def all_codes() -> list[Code]:
    """All codes of all packages, ordered by ID."""
    _import_all()
    return [_BY_ID[key] for key in sorted(_BY_ID)]


@cache
def _import_all() -> None:
    """Import all modules that may define codes. Cached, because modules do not change while a process runs."""
    import blueprint

    for module in pkgutil.walk_packages(blueprint.__path__, "blueprint."):
        if _may_define(module.name):
            importlib.import_module(module.name)


def _may_define(name: str) -> bool:
    """Whether a module is named after its codes (`codes`, `node_codes`), or is a rule or check that defines its own."""
    return name.endswith("codes") or name.startswith(_WITH_CODES)


def find_code(name: str) -> Code | None:
    """The code with this ID or slug, ignoring case."""
    _import_all()
    return _BY_ID.get(name.upper()) or _BY_SLUG.get(name.lower())
