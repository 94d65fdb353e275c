"""What must be true of a node, as data. Standard library only: this travels to nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ExpectationSource:
    """The line that demands something: a blueprint, an overlay, or a fact of the catalogue.

    Lines and columns count from 1. `path` is the dotted path in that document, `layer` its kind
    (`blueprint`, `overlay`, `set`, `default`, `release`, `hardware`).
    """

    file: str
    line: int
    column: int
    path: str
    layer: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """One fact that every node of a pool must show.

    `check` is the slug of a probe check (`gpu-count`, `gpu-product`, `gpu-memory`, `driver-version`,
    `mig-mode`, `ecc-mode`, `persistence-mode`, ...); `want` is that check's parameter, JSON-shaped and
    documented by the check. The first source is the line to blame; further ones took part.
    """

    pool: str
    check: str
    want: Any
    sources: tuple[ExpectationSource, ...]
