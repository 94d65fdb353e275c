"""The inventory as plain JSON values, for its ConfigMap and for snapshot files.

Fields are only ever added at the end, because earlier versions of the tool read later inventories, and vice versa.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.bundle.model import ObjectId
from blueprint.inventory.model import Inventory, Member, NodeRecord, Part, Revision, Snapshot
from blueprint.records import asdict


def header_to_json(inventory: Inventory) -> dict[str, str]:
    """Everything except members, nodes and revisions."""
    return {
        "blueprint": inventory.blueprint,
        "version": inventory.version,
        "release": inventory.release,
        "digest": inventory.digest,
        "begun": inventory.begun,
        "server": inventory.server,
        "tool": inventory.tool,
    }


def header_from_json(data: Mapping[str, Any]) -> Inventory:
    """The inverse: an inventory without members. Inventories before 1.1 have no `begun`. Raises KeyError."""
    return Inventory(
        blueprint=str(data["blueprint"]),
        version=str(data["version"]),
        release=str(data["release"]),
        digest=str(data["digest"]),
        begun=str(data.get("begun", "")),
        server=str(data["server"]),
        tool=str(data["tool"]),
    )


def member_to_row(member: Member) -> list[Any]:
    """One member; an empty revision is omitted, as in earlier versions."""
    i = member.id
    snapshot = asdict(member.snapshot) if member.snapshot else None
    row = [i.group, i.kind, i.namespace, i.name, member.api_version, snapshot]
    return [*row, member.revision] if member.revision else row


def members_from_rows(rows: Iterable[list[Any]]) -> dict[ObjectId, Member]:
    """Members by identity. Raises TypeError, IndexError or KeyError for malformed rows."""
    members = (_member(*row) for row in rows)
    return {member.id: member for member in members}


def _member(
    group: str,
    kind: str,
    namespace: str,
    name: str,
    api_version: str,
    snapshot: Mapping[str, Any] | None,
    revision: str = "",
    *_later: object,
) -> Member:
    seen = Snapshot(**snapshot) if snapshot else None
    return Member(ObjectId(group, kind, namespace, name), api_version, seen, revision)


def nodes_to_json(nodes: Mapping[str, NodeRecord]) -> dict[str, Any]:
    """Nodes by name."""
    return {name: asdict(node) for name, node in sorted(nodes.items())}


def nodes_from_json(data: Mapping[str, Any]) -> dict[str, NodeRecord]:
    """The inverse. Raises KeyError, TypeError or AttributeError."""
    return {name: NodeRecord(node["uid"], tuple(node["labels"]), tuple(node["taints"])) for name, node in data.items()}


def revision_to_json(revision: Revision) -> dict[str, Any]:
    """A revision, without its content."""
    return {**asdict(revision), "parts": [asdict(part) for part in revision.parts]}


def revision_from_json(data: Mapping[str, Any]) -> Revision:
    """The inverse. Raises KeyError or TypeError."""
    parts = tuple(Part(part["name"], part["sha256"]) for part in data["parts"])
    return Revision(**{**data, "parts": parts})
