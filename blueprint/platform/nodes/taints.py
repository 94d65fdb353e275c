"""A node taint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from blueprint.platform.tracking.recorder import record
from blueprint.platform.tracking.sources import Source, grouped
from blueprint.records import Record


class Taint(Record):
    """A node taint; `value` may be empty."""

    key: str
    value: str
    effect: str


class Tainted(Protocol):
    """A pool, and the taints of its nodes."""

    @property
    def taints(self) -> tuple[Taint, ...]:
        """The taints of its nodes."""

    def taint_source(self, taint: Taint) -> Source:
        """The source of a taint."""


class PoolTaint:
    """A taint of a pool's nodes that records its sources when it is read."""

    def __init__(self, taint: Taint, sources: tuple[Source, ...]) -> None:
        self._taint = taint
        self._sources = grouped(sources)

    @property
    def key(self) -> str:
        """Key, `nvidia.com/gpu`."""
        record(*self._sources)
        return self._taint.key

    @property
    def value(self) -> str:
        """Value, which may be empty."""
        record(*self._sources)
        return self._taint.value

    @property
    def effect(self) -> str:
        """Effect, `NoSchedule`."""
        record(*self._sources)
        return self._taint.effect


def merged_taints(pools: Iterable[Tainted], *customary: tuple[str, str]) -> tuple[PoolTaint, ...]:
    """All taints of these pools, without duplicates and values, and the usual ones, given as key and effect."""
    lines: dict[tuple[str, str], list[Source]] = {taint: [] for taint in customary}
    for pool in pools:
        for taint in pool.taints:
            lines.setdefault((taint.key, taint.effect), []).append(pool.taint_source(taint))
    return tuple(PoolTaint(Taint(key, "", effect), tuple(lines[key, effect])) for key, effect in sorted(lines))
