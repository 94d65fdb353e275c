"""Driver settings that users wrote into rendered objects, by a patch or in a manifest, and that override the pool.

The objects are read in a higher layer; this module contains the resulting values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar, cast

from blueprint.patterns import lazy_pattern
from blueprint.platform.tracking.recorder import record
from blueprint.platform.tracking.sources import Source, Sources, line_to_change
from blueprint.records import Record

T = TypeVar("T")
_VERSION = lazy_pattern(r"(?P<branch>[0-9]{3})(?P<rest>\.[0-9]+){0,2}")


class WrittenField(Record, Generic[T]):
    """A value in a rendered object, and its sources."""

    value: T
    noted: Sources

    @property
    def source(self) -> Source:
        """The line to change."""
        return cast("Source", line_to_change(self.noted))

    def read(self) -> T:
        """The value; its sources are recorded."""
        record(*self.noted)
        return self.value


class WrittenDriver(Record, kw_only=True):
    """The driver of one pool as far as users wrote it into objects. The blueprint determines fields that are None.

    Attributes:
        enabled: Whether the operator installs it.
        version: Version, branch or digest; empty if it cannot be known which one the nodes get.
        kernel_modules: `auto`, `open` or `proprietary`.
        precompiled: Whether precompiled kernel modules for the nodes' kernel are used.
        image: The repository and name of an image other than NVIDIA's public one.
        vgpu: Whether it is a guest driver for virtual GPUs.
    """

    enabled: WrittenField[bool] | None = None
    version: WrittenField[str] | None = None
    kernel_modules: WrittenField[str] | None = None
    precompiled: WrittenField[bool] | None = None
    image: WrittenField[str] | None = None
    vgpu: WrittenField[bool] | None = None

    @property
    def sources(self) -> Iterator[Source]:
        """The source of each field that is written."""
        for name in self.__struct_fields__:
            if found := getattr(self, name):
                yield found.source


NOTHING_WRITTEN = WrittenDriver()


def branch_of(version: str) -> str | None:
    """The branch of a version; None for a digest, and for anything that is not a version."""
    found = _VERSION.fullmatch(version)
    return found["branch"] if found else None


def exact_version(version: str) -> str | None:
    """The version if it is exact; None for a branch or a digest."""
    found = _VERSION.fullmatch(version)
    return version if found and found["rest"] else None
