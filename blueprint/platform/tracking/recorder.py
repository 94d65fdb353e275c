"""Notes of what is read: the sources of a value are those noted while it was computed.

Apart from `reads`, because bundles are read without the models: nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast, overload

from blueprint.platform.tracking.sources import Gathered, Source, Sources, gathered

T = TypeVar("T")

Frame = dict[Source | Gathered, None]
_frames: list[Frame] = []


@contextmanager
def reading() -> Iterator[Frame]:
    """Collect the sources of everything read inside, in order. Frames nest: an outer one sees it all."""
    frame: Frame = {}
    _frames.append(frame)
    try:
        yield frame
    finally:
        _frames.pop()
        note(*frame)


@contextmanager
def unnoted() -> Iterator[None]:
    """Read without noting: for a question whose answer is noted by what it brings about."""
    _frames.append({})
    try:
        yield
    finally:
        _frames.pop()


def note(*sources: Source | Gathered) -> None:
    """Say that these places took part in the value being computed."""
    if _frames:
        frame = _frames[-1]
        for source in sources:
            frame.pop(source, None)  # read again: it now stands last, next to the value
            frame[source] = None


class derived(Generic[T]):  # noqa: N801 - reads as the decorator it is
    """A property computed once, with the sources of its value."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.slot = f"_derived_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> derived[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> T | derived[T]:
        if instance is None:
            return self
        known = instance.__dict__.get(self.slot)
        if known is None:
            known = instance.__dict__[self.slot] = self._computed(instance)
        note(*known[1])
        return cast("T", known[0])

    def _computed(self, instance: object) -> tuple[T, Sources]:
        """The value, and its sources as whoever reads it notes them."""
        frame: Frame = {}
        _frames.append(frame)
        try:
            value = self.compute(instance)
        finally:
            _frames.pop()
        return value, gathered(frame)
