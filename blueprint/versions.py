"""Compare versions by their numbers. Standard library only: the probe takes it along to nodes."""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)")


def version_key(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with: 570.86 is older than 570.124, `v1.36.2-eks-1` is 1.36.2.

    Empty, and so older than any version, where there are none.
    """
    found = _NUMBERS.match(version)
    return tuple(map(int, found[1].split("."))) if found else ()


def minor_of(version: str) -> str:
    """The minor that a version belongs to: `1.36` of `1.36.3`."""
    return ".".join(version.split(".")[:2])
