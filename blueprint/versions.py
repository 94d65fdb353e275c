"""Compares versions by their numbers. Imports only the standard library, because it is packed with the probe."""

from __future__ import annotations

from blueprint.patterns import lazy_pattern

_NUMBERS = lazy_pattern(r"v?([0-9]+(?:\.[0-9]+)*)")


def version_key(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: 570.86 is older than 570.124, `v1.36.2-eks-1` is 1.36.2.

    Empty if there are none, which sorts before all versions.
    """
    found = _NUMBERS.match(version)
    return tuple(map(int, found[1].split("."))) if found else ()


def minor_of(version: str) -> str:
    """The minor version of a version: `1.36` for `1.36.3`."""
    return ".".join(version.split(".")[:2])
