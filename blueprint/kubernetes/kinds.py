"""The single table of facts about kinds: Kubernetes' own, and those of components.

A bundle declares its release, which determines the versions of its components. An apply long after compiling therefore
uses the facts of the bundle's own versions. If the tool does not know the release, the newest version is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.kinds import Kind, Kinds
from blueprint.catalog.loader import read

NOTHING = Kind()


@cache
def own_kinds() -> Mapping[str, Kind]:
    """The kinds of Kubernetes itself and of the Operator Lifecycle Manager, by `Kind.group`."""
    return read(Path(__file__).with_name("kinds.yaml"), Kinds).kinds


@cache
def find_kind(group: str, kind: str, release: str = "") -> Kind:
    """The facts about a kind in the versions of `release`; an empty record if nothing is known."""
    found = own_kind(group, kind)
    return found or (load_catalog().brought_kind(name_of(group, kind), release) if group else None) or NOTHING


def own_kind(group: str, kind: str) -> Kind | None:
    """The facts about a built-in kind, or those of its whole group if the kind has no entry."""
    return own_kinds().get(name_of(group, kind)) or own_kinds().get(name_of(group, "*"))


def name_of(group: str, kind: str) -> str:
    """`Kind.group`, or `Kind` for the core group."""
    return f"{kind}.{group}" if group else kind


def is_own_group(group: str) -> bool:
    """Whether a group belongs to Kubernetes itself."""
    return "." not in group or group.endswith(".k8s.io")
