"""Reads and writes the inventory: one ConfigMap, and more for a large one and for the content of revisions.

The names of parts contain a hash of their content, and parts are written before the parent that refers to them. The
parent's resourceVersion alone therefore determines the valid inventory: a reader sees either the old or the new one.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Bundle, ObjectId
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.inventory import codes
from blueprint.inventory.codec import (
    header_from_json,
    header_to_json,
    member_to_row,
    members_from_rows,
    nodes_from_json,
    nodes_to_json,
    revision_from_json,
    revision_to_json,
)
from blueprint.inventory.content import RevisionContent, content_parts, parse_content
from blueprint.inventory.membership import (
    GROUP_KINDS,
    ID_LABEL,
    NAMESPACE,
    NAMESPACES,
    TOOLING,
    applyset_id,
    group_kinds,
    manager,
    namespaces,
    parent_name,
)
from blueprint.inventory.model import Inventory, Member, Part, Revision
from blueprint.records import replace

MEMBERS_PER_PART = 3000
"""About 400 KiB of compressed members; the API server accepts 1 MiB."""

_CONFIGMAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
_NAMESPACES = "/api/v1/namespaces"
_LARGEST = 64 * 1024 * 1024
_ATTEMPTS = 4
_PAUSE = 0.1
"""The pause in seconds, doubled with every attempt."""
_FORMAT = "1"


def read_inventory(connection: Connection, blueprint: str) -> Inventory | None:
    """The inventory of a blueprint, or None if there is none.

    Raises:
        Refused: BP7020 if it is damaged, BP7021 if the ConfigMap is not ours; exit code 2.
        ApiError: it cannot be read.
    """
    try:
        parent = connection.get(f"{_CONFIGMAPS}/{parent_name(blueprint)}")
    except ApiError as error:
        if error.missing:
            return None
        raise
    meta = parent["metadata"]
    tooling = (meta.get("annotations") or {}).get(TOOLING, "")
    identity = (meta.get("labels") or {}).get(ID_LABEL)
    if identity != applyset_id(blueprint) or not tooling.startswith("blueprint/"):
        raise _refused(codes.INVENTORY_FOREIGN, blueprint, f"its id is {identity!r}, its tooling {tooling!r}")
    with _damage(blueprint):
        return _parse(connection, parent, blueprint)


@contextmanager
def _damage(blueprint: str) -> Iterator[None]:
    """Convert decoding errors to the diagnostic for a damaged inventory."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OSError, zlib.error, EOFError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
        raise _refused(codes.INVENTORY_DAMAGED, blueprint, why) from None


def write_inventory(connection: Connection, inventory: Inventory, bundle: Bundle | None = None) -> Inventory:
    """Write the inventory if it has not been changed since it was read, and return its new state in the cluster.

    A revision without parts is that of `bundle`, whose content is stored first.

    Raises:
        ApiError: it cannot be written; `stale` or `missing` if someone else wrote or removed it.
    """
    parts = list(_parts(inventory))
    new = [(name, {"members": content}) for name, content in parts[1:]]
    if bundle is not None:
        inventory, content = _with_content(inventory, bundle)
        new += content
    if new or not inventory.resource_version:
        _ensure_namespace(connection, manager(inventory.blueprint))
    for name, data in new:
        _put_part(connection, inventory.blueprint, name, data)
    answer = _put_parent(connection, inventory, _parent(inventory, parts))
    stored = _stored(inventory, [name for name, _ in parts[1:]])
    for old in inventory.stored:
        if old not in stored:
            _forget(connection, old)
    return replace(inventory, resource_version=str(answer["metadata"]["resourceVersion"]), stored=stored)


def read_content(connection: Connection, blueprint: str, revision: Revision) -> RevisionContent:
    """The content of a revision.

    Raises:
        Refused: BP7020 if it is damaged; exit code 2.
        ApiError: it cannot be read.
    """
    with _damage(blueprint):
        holders = [_part(connection, part.name)["binaryData"]["content"] for part in revision.parts]
        parts = [_decoded(text, part) for text, part in zip(holders, revision.parts, strict=True)]
        return parse_content(blueprint, revision, parts)


def _with_content(inventory: Inventory, bundle: Bundle) -> tuple[Inventory, list[tuple[str, dict[str, bytes]]]]:
    """The inventory with references to the parts of all revisions, and those parts that are not in the cluster yet."""
    revisions, new = [], []
    for revision in inventory.revisions:
        if revision.parts:
            revisions.append(revision)
            continue
        pieces = [(_part_name(inventory.blueprint, piece), piece) for piece in content_parts(bundle, revision)]
        new += [(name, {"content": piece}) for name, piece in pieces]
        parts = tuple(Part(name, _checksum(piece)) for name, piece in pieces)
        revisions.append(replace(revision, parts=parts))
    return replace(inventory, revisions=tuple(revisions)), new


def _stored(inventory: Inventory, members: Iterable[str]) -> tuple[str, ...]:
    """The names of all ConfigMaps except the parent."""
    return (*members, *(part.name for revision in inventory.revisions for part in revision.parts))


def _put_parent(connection: Connection, inventory: Inventory, body: dict[str, Any]) -> dict[str, Any]:
    """Write the parent over the version that was read. If the response is lost, check whether it was carried out."""
    us, path = manager(inventory.blueprint), f"{_CONFIGMAPS}/{parent_name(inventory.blueprint)}"
    attempt = 0
    while True:
        attempt += 1
        try:
            answer: dict[str, Any]
            if inventory.resource_version:
                body["metadata"]["resourceVersion"] = inventory.resource_version
                answer = connection.put(path, body, us)
            else:
                answer = connection.post(_CONFIGMAPS, body, us)
        except ApiError as error:
            if not error.uncertain or attempt == _ATTEMPTS:
                raise
            time.sleep(_PAUSE * 2**attempt)
            if found := _as_written(connection, path, body):
                return found
        else:
            return answer


def _as_written(connection: Connection, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The parent in the cluster, if it equals what was to be written."""
    try:
        found: dict[str, Any] = connection.get(path)
    except ApiError as error:
        if error.missing:
            return None
        raise
    return found if all(found.get(part) == body[part] for part in ("data", "binaryData")) else None


def _ensure_namespace(connection: Connection, us: str) -> None:
    try:
        connection.get(f"{_NAMESPACES}/{NAMESPACE}")
    except ApiError as error:
        if not error.missing:
            raise
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        connection.apply(f"{_NAMESPACES}/{NAMESPACE}", body, us)


def _put_part(connection: Connection, blueprint: str, name: str, content: Mapping[str, bytes]) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"gpublueprint.dev/record-of": blueprint}},
        "binaryData": {key: base64.b64encode(value).decode() for key, value in content.items()},
        "immutable": True,
    }
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            connection.post(_CONFIGMAPS, body, manager(blueprint))
        except ApiError as error:
            if error.stale:  # The name is the hash of the content, so it is the right one.
                return
            if not error.uncertain or attempt == _ATTEMPTS:
                raise
            time.sleep(_PAUSE * 2**attempt)
        else:
            return


def _forget(connection: Connection, name: str) -> None:
    try:
        connection.delete(f"{_CONFIGMAPS}/{name}")
    except ApiError as error:
        if not (error.missing or error.forbidden):  # a leftover part is garbage, not an error
            raise


def _parts(inventory: Inventory) -> Iterator[tuple[str, bytes]]:
    """(ConfigMap name, compressed members); the first part is in the parent itself."""
    members = [inventory.members[key] for key in sorted(inventory.members)]
    for start in range(0, max(len(members), 1), MEMBERS_PER_PART):
        packed = _packed([member_to_row(member) for member in members[start : start + MEMBERS_PER_PART]])
        yield _part_name(inventory.blueprint, packed) if start else parent_name(inventory.blueprint), packed


def _part_name(blueprint: str, content: bytes) -> str:
    return f"{parent_name(blueprint)}-{_checksum(content)[:16]}"


def _parent(inventory: Inventory, parts: list[tuple[str, bytes]]) -> dict[str, Any]:
    nodes = _packed(nodes_to_json(inventory.nodes))
    annotations = {
        TOOLING: f"blueprint/v{inventory.tool}",
        GROUP_KINDS: group_kinds(inventory.members),
        NAMESPACES: namespaces(inventory.members),
    }
    record = {
        "format": _FORMAT,
        **header_to_json(inventory),
        "nodes": _checksum(nodes),
        "parts": [{"name": name, "sha256": _checksum(content)} for name, content in parts],
        "revisions": [revision_to_json(revision) for revision in inventory.revisions],
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": parent_name(inventory.blueprint),
            "namespace": NAMESPACE,
            "labels": {ID_LABEL: applyset_id(inventory.blueprint)},
            "annotations": {key: value for key, value in annotations.items() if value},
        },
        "data": {"record.json": orjson.dumps(record, option=orjson.OPT_INDENT_2).decode()},
        "binaryData": {
            "members": base64.b64encode(parts[0][1]).decode(),
            "nodes": base64.b64encode(nodes).decode(),
        },
    }


def _packed(content: Any) -> bytes:
    return gzip.compress(orjson.dumps(content), compresslevel=6, mtime=0)


def _parse(connection: Connection, parent: Mapping[str, Any], blueprint: str) -> Inventory:
    record = orjson.loads(parent["data"]["record.json"])
    if record["format"] != _FORMAT or record["blueprint"] != blueprint:
        raise ValueError(f"its format is {record['format']!r} and its blueprint {record['blueprint']!r}")
    members: dict[ObjectId, Member] = {}
    for index, part in enumerate(record["parts"]):
        holder = _part(connection, part["name"]) if index else parent
        members |= members_from_rows(_unpacked(holder["binaryData"]["members"], Part(**part)))
    nodes = _unpacked(parent["binaryData"]["nodes"], Part("its list of nodes", record["nodes"]))
    inventory = replace(
        header_from_json(record),
        members=members,
        nodes=nodes_from_json(nodes),
        revisions=tuple(revision_from_json(revision) for revision in record.get("revisions", ())),
        resource_version=str(parent["metadata"]["resourceVersion"]),
    )
    return replace(inventory, stored=_stored(inventory, [part["name"] for part in record["parts"][1:]]))


def _part(connection: Connection, name: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = connection.get(f"{_CONFIGMAPS}/{name}")
    except ApiError as error:
        raise ValueError(f"its part {name} is missing" if error.missing else str(error)) from None
    return found


def _unpacked(encoded: str, part: Part) -> Any:
    unpacker = zlib.decompressobj(wbits=31)
    text = unpacker.decompress(_decoded(encoded, part), _LARGEST)
    if unpacker.unconsumed_tail:
        raise ValueError(f"{part.name} is larger than any record that blueprint writes")
    return orjson.loads(text)


def _decoded(encoded: str, part: Part) -> bytes:
    try:
        packed = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError(f"{part.name} is not base64") from None
    if _checksum(packed) != part.sha256:
        raise ValueError(f"the content of {part.name} does not fit its checksum")
    return packed


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _refused(code: Any, blueprint: str, why: str) -> Refused:
    text = f"the record ConfigMap/{NAMESPACE}/{parent_name(blueprint)} cannot be used: {why}"
    return Refused(Diagnostic(code, text, subject=f"ConfigMap/{NAMESPACE}/{parent_name(blueprint)}"), exit_code=2)
