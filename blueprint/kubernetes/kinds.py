"""The one table of what is known of kinds: Kubernetes' own, and those that components bring.

A bundle names its release, and the release the versions of its components: so what is applied long after it was
compiled is judged by the facts of its own versions. Where the tool does not know the release, the newest stand in.
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
    """The facts of a kind in the versions of `release`; a record without any where nothing is known."""
    found = own_kind(group, kind)
    return found or (load_catalog().brought_kind(name_of(group, kind), release) if group else None) or NOTHING


def own_kind(group: str, kind: str) -> Kind | None:
    """The facts of a kind of Kubernetes itself; of a whole group where the kind has no entry of its own."""
    return own_kinds().get(name_of(group, kind)) or own_kinds().get(name_of(group, "*"))


def name_of(group: str, kind: str) -> str:
    """`Kind.group`, or `Kind` of the core group."""
    return f"{kind}.{group}" if group else kind


def is_own_group(group: str) -> bool:
    """Whether a group is one of Kubernetes itself."""
    return "." not in group or group.endswith(".k8s.io")
