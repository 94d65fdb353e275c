"""The page of a code: Markdown with fixed sections, in a file next to its rule."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from blueprint.patterns import lazy_pattern

SECTIONS = ("Why", "Given", "Bad", "Good", "How to fix")
_SECTION = lazy_pattern(r"^## (.+)\n", re.MULTILINE)
_FENCED = lazy_pattern(r"```yaml\n(.*?)\n?```", re.DOTALL)


class Page(NamedTuple):
    """The sections of a page. Examples are YAML; `given` is what the rule knows about the platform in them."""

    title: str
    why: str
    fix: str
    given: str
    bad: str
    good: str

    @property
    def text(self) -> str:
        """Why it matters and what to do, without examples."""
        return f"{self.why}\n\n{self.fix}"


@cache
def read_page(path: str) -> Page:
    """The page in a file. Raises ValueError if a section is missing, unknown or out of order."""
    title, *parts = _SECTION.split(Path(path).read_text(encoding="utf-8"))
    found = dict(zip(parts[::2], (text.strip() for text in parts[1::2]), strict=True))
    if list(found) != [name for name in SECTIONS if name in found] or not {"Why", "How to fix"} <= found.keys():
        raise ValueError(f"{path}: the sections must be {', '.join(SECTIONS)}, in this order")
    given, bad, good = (_example(found.get(name, ""), path) for name in ("Given", "Bad", "Good"))
    return Page(title.removeprefix("#").strip(), found["Why"], found["How to fix"], given, bad, good)


def _example(section: str, path: str) -> str:
    match = _FENCED.fullmatch(section)
    if section and match is None:
        raise ValueError(f"{path}: an example is one fenced block of YAML")
    return match[1] + "\n" if match else ""
