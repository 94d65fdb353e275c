"""The provenance recorder: the sources of a value are those that were recorded while it was computed.

Each thread and each asyncio task has its own recording. The module is separate from `tracked`, because bundles are read
without the models: it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from itertools import count
from typing import Any, Generic, TypeVar, cast, overload

from blueprint.platform.tracking.sources import Source, SourceGroup, Sources, grouped

T = TypeVar("T")

Frame = dict[Source | SourceGroup, int]
"""The sources of one value, each with the number of its last read."""
_frame: ContextVar[Frame | None] = ContextVar("frame", default=None)
_reads = count()


class recording:  # noqa: N801 - a context manager, lower-case as `suppress`
    """Collect the sources of everything read inside. Recordings can be nested: the outer one contains the sources as
    well.

    `with recording() as sources` fills the list at its end, in the order of the last reads.
    """

    __slots__ = ("_frame", "_outer", "_sources")

    def __enter__(self) -> list[Source | SourceGroup]:
        self._frame: Frame = {}
        self._outer: Token[Frame | None] = _frame.set(self._frame)
        self._sources: list[Source | SourceGroup] = []
        return self._sources

    def __exit__(self, *_error: object) -> None:
        _frame.reset(self._outer)
        self._sources += _in_order(self._frame)
        record(*self._sources)


def _in_order(frame: Frame) -> list[Source | SourceGroup]:
    return sorted(frame, key=frame.__getitem__)


@contextmanager
def untracked() -> Iterator[None]:
    """Suspend recording, for reads whose effect is recorded elsewhere."""
    outer = _frame.set(None)
    try:
        yield
    finally:
        _frame.reset(outer)


def record(*sources: Source | SourceGroup) -> None:
    """Add these sources to those of the value being computed."""
    frame = _frame.get()
    if frame is not None:
        frame.update(zip(sources, _reads))  # noqa: B905 - the numbers have no end


def decided_by(*values: object) -> None:
    """Declare what determines the value being computed without being part of it: reading `values` has recorded them."""


class tracked_property(Generic[T]):  # noqa: N801 - a decorator, lower-case as `property`
    """A property that is computed once. Every read records the sources of its value."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.slot = f"_tracked_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> tracked_property[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> T | tracked_property[T]:
        if instance is None:
            return self
        known = instance.__dict__.get(self.slot)
        if known is None:
            known = instance.__dict__[self.slot] = self._computed(instance)
        if (frame := _frame.get()) is not None:  # Like `record`, inlined: half of all recording happens here.
            frame.update(zip(known[1], _reads))  # noqa: B905 - the numbers have no end
        return cast("T", known[0])

    def _computed(self, instance: object) -> tuple[T, Sources]:
        """The value, and its sources as recorded by every read."""
        frame: Frame = {}
        outer = _frame.set(frame)
        try:
            value = self.compute(instance)
        finally:
            _frame.reset(outer)
        return value, grouped(_in_order(frame))
