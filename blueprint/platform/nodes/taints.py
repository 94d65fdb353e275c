"""A node taint."""

from __future__ import annotations

from blueprint.platform.tracking.recorder import record
from blueprint.platform.tracking.sources import Source, grouped
from blueprint.records import Record


class Taint(Record):
    """A node taint; `value` may be empty."""

    key: str
    value: str
    effect: str


class PoolTaint:
    """A taint of a pool's nodes; reading it records the lines that gave it."""

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
