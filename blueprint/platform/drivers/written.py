"""What a person wrote about a pool's driver into rendered objects, by a patch or in a manifest: it overrules the pool.

Objects are read above the platform; here stand the values that they lead to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Generic, TypeVar, cast

from blueprint.platform.tracking.recorder import record
from blueprint.platform.tracking.sources import Source, Sources, line_to_change
from blueprint.records import Record

T = TypeVar("T")
_VERSION = re.compile(r"(?P<branch>[0-9]{3})(?P<rest>\.[0-9]+){0,2}")


class WrittenField(Record, Generic[T]):
    """A value of a rendered object, and the lines that gave it."""

    value: T
    noted: Sources

    @property
    def source(self) -> Source:
        """The line to change."""
        return cast("Source", line_to_change(self.noted))

    def read(self) -> T:
        """The value; its lines are recorded."""
        record(*self.noted)
        return self.value


class WrittenDriver(Record, kw_only=True):
    """The driver of one pool as far as a person wrote it into objects. What is None the blueprint decides.

    Attributes:
        enabled: Whether the operator installs it.
        version: Version, branch or digest; empty where it cannot be known which one the nodes get.
        kernel_modules: `auto`, `open` or `proprietary`.
        precompiled: Whether kernel modules are taken as built for the nodes' kernel.
        image: Repository and name of an image that is not NVIDIA's public one.
        vgpu: Whether that is a driver for guests with virtual GPUs.
    """

    enabled: WrittenField[bool] | None = None
    version: WrittenField[str] | None = None
    kernel_modules: WrittenField[str] | None = None
    precompiled: WrittenField[bool] | None = None
    image: WrittenField[str] | None = None
    vgpu: WrittenField[bool] | None = None

    @property
    def sources(self) -> Iterator[Source]:
        """The line of each field that is written."""
        for name in self.__struct_fields__:
            if found := getattr(self, name):
                yield found.source


NOTHING_WRITTEN = WrittenDriver()


def branch_of(version: str) -> str | None:
    """The branch of a version; None of a digest, and of what is no version."""
    found = _VERSION.fullmatch(version)
    return found["branch"] if found else None


def exact_version(version: str) -> str | None:
    """The version where it is an exact one; None of a branch and of a digest."""
    found = _VERSION.fullmatch(version)
    return version if found and found["rest"] else None
