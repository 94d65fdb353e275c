"""Pools and checks as a matrix: a cell shows how many nodes are as expected, are not, and could not be checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from blueprint.report.model import PoolCheck


class Cell(NamedTuple):
    """One check of one pool. `kind` is the worst result: `failed`, `unknown`, `passed`, or `none`."""

    kind: str
    text: str


class Matrix(NamedTuple):
    """A row for each pool, a cell for each check."""

    checks: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def matrix_of(found: Sequence[PoolCheck]) -> Matrix:
    """The matrix of all checks of any pool."""
    cells = {(each.pool, each.check): _cell(each) for each in found}
    checks = tuple(sorted({check for _, check in cells}))
    pools = sorted({pool for pool, _ in cells})
    nothing = Cell("none", "")
    return Matrix(checks, tuple((pool, tuple(cells.get((pool, check), nothing) for check in checks)) for pool in pools))


def _cell(check: PoolCheck) -> Cell:
    counts = {"failed": check.failed, "unknown": check.unknown, "passed": check.passed}
    words = {"failed": "failed", "unknown": "unknown", "passed": "ok"}
    parts = [f"{number} {words[kind]}" for kind, number in counts.items() if number]
    return Cell(next((kind for kind, number in counts.items() if number), "none"), ", ".join(parts))
