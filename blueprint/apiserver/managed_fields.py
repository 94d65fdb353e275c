"""Field ownership: managedFields entries, their field sets, and the content of an object without server metadata.

Fields are identified as in fieldsV1, by a tuple of tokens: `f:spec` is a map key, `k:{"name":"x"}` a list item by its
keys, `v:"x"` an item of a set, `i:0` an index. Unlike dotted paths, these are never ambiguous.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from blueprint.bundle.model import Path, json_digest
from blueprint.changes.compare import ABSENT
from blueprint.records import Record

Tokens = tuple[str, ...]
Tree = Mapping[str, Any]

SERVER_METADATA = frozenset(("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"))

_UNOWNED: Tree = {}
"""The tree for a field that is not owned. In contrast, an empty tree means that the field is owned as a whole."""

_ITSELF = "."
"""In a fieldsV1 tree: the container itself, in addition to its contents."""


class Entry(Record):
    """One managedFields entry. `time` is RFC 3339; `fields` is the fieldsV1 tree, in terms of `api_version`."""

    manager: str
    operation: str
    subresource: str
    time: str
    fields: Tree
    api_version: str = ""

    def __str__(self) -> str:
        through = f" through {self.subresource}" if self.subresource else ""
        return f'"{self.manager}" ({self.operation}{through}, {self.time or "time unknown"})'


def entries(live: Mapping[str, Any]) -> Iterator[Entry]:
    """All managedFields entries of a live object."""
    for entry in live["metadata"].get("managedFields") or ():
        yield Entry(
            str(entry.get("manager", "")),
            str(entry.get("operation", "")),
            str(entry.get("subresource", "")),
            str(entry.get("time", "")),
            entry.get("fieldsV1") or {},
            str(entry.get("apiVersion", "")),
        )


def own_entry(live: Mapping[str, Any], manager: str) -> Entry | None:
    """The entry of `manager` for server-side apply; None if it owns nothing."""
    for entry in entries(live):
        if (entry.manager, entry.operation, entry.subresource) == (manager, "Apply", ""):
            return entry
    return None


def fieldset_hash(tree: Tree) -> str:
    """A hash that identifies this set of fields."""
    return json_digest(tree)


def content(live: Mapping[str, Any]) -> dict[str, Any]:
    """The content of an object, without status and server-managed metadata."""
    stated = {key: value for key, value in live.items() if key not in {"status", "metadata"}}
    stated["metadata"] = {k: v for k, v in live["metadata"].items() if k not in SERVER_METADATA}
    return stated


def content_hash(live: Mapping[str, Any]) -> str:
    """A hash of the content of an object. It does not depend on status and resourceVersion."""
    return json_digest(content(live))


def leaves(tree: Tree, at: Tokens = ()) -> Iterator[Tokens]:
    """Every field that is owned as a whole: scalars, atomic lists and maps, empty containers."""
    for token, below in tree.items():
        if token == _ITSELF:
            continue
        if not below or set(below) == {_ITSELF}:
            yield (*at, token)
        else:
            yield from leaves(below, (*at, token))


def server_spelling(tokens: Tokens) -> str:
    """The field as the server writes it in conflict messages: `.spec.ports[port=80,protocol="TCP"].name`."""
    parts = []
    for token in tokens:
        kind, _, text = token.partition(":")
        if kind == "f":
            parts.append(f".{text}")
        elif kind == "k":
            keys = orjson.loads(text)
            parts.append("[" + ",".join(f"{k}={orjson.dumps(key_of(keys, k)).decode()}" for k in sorted(keys)) + "]")
        else:
            parts.append(f"[={text}]" if kind == "v" else f"[{text}]")
    return "".join(parts)


def find_spelt(live: Mapping[str, Any], field: str) -> tuple[Tokens, Entry] | None:
    """The field that a conflict message refers to, and its owner.

    Dots in map keys make the message ambiguous, so it is looked up among the owned fields instead of being parsed.
    """
    for entry in entries(live):
        for tokens in _all_fields(entry.fields):
            if server_spelling(tokens) == field:
                return tokens, entry
    return None


def _all_fields(tree: Tree, at: Tokens = ()) -> Iterator[Tokens]:
    for token, below in tree.items():
        if token != _ITSELF:
            yield (*at, token)
            yield from _all_fields(below, (*at, token))


def resolve(tokens: Tokens, data: Any) -> Path | None:
    """The path of a field in `data`; None if `data` does not contain it."""
    path: list[str | int] = []
    for token in tokens:
        step = step_into(token, data)
        if step is None:
            return None
        path.append(step)
        data = data[step]
    return tuple(path)


def value_at(tokens: Tokens, data: Any) -> Any:
    """The value of a field in `data`, or ABSENT."""
    for token in tokens:
        step = step_into(token, data)
        if step is None:
            return ABSENT
        data = data[step]
    return data


def step_into(token: str, data: Any) -> str | int | None:
    """The key or index in `data` that one token refers to; None if `data` does not contain it."""
    kind, _, text = token.partition(":")
    if kind == "f":
        return text if isinstance(data, Mapping) and text in data else None
    if not isinstance(data, list):
        return None
    wanted = orjson.loads(text)
    for index, item in enumerate(data):
        if kind == "k" and isinstance(item, Mapping) and has_keys(item, wanted):
            return index
        if (kind == "v" and item == wanted) or (kind == "i" and index == wanted):
            return index
    return None


def mismatches(tree: Tree, want: Any, have: Any, at: Tokens = ()) -> Iterator[Tokens]:
    """The owned fields of `tree` whose values differ between two objects.

    The comparison is exact: a value in another form (`1` and `1.0`, `1000m` and `1`) differs. It runs for every object
    that is written, so it walks all three trees together instead of starting from the root for each field.
    """
    for token, below in tree.items():
        if token == _ITSELF:
            continue
        one, other = value_at((token,), want), value_at((token,), have)
        if below and set(below) != {_ITSELF}:
            yield from mismatches(below, one, other, (*at, token))
        elif type(one) is not type(other) or one != other:
            yield (*at, token)


def departures(tree: Tree, want: Any, have: Any, at: Tokens = ()) -> Iterator[Tokens]:
    """The outermost parts of `want` that `have` lacks or in which it differs. `tree` determines how lists are keyed.

    Fields that are owned as a whole are not searched. Fields that the server drops or sets itself may not even be in
    `tree`.
    """
    if have is ABSENT:
        yield at
    elif isinstance(want, Mapping) and isinstance(have, Mapping) and not (at and tree == {} and tree is not _UNOWNED):
        for key, value in want.items():
            token = f"f:{key}"
            yield from departures(tree.get(token, _UNOWNED), value, have.get(key, ABSENT), (*at, token))
    elif isinstance(want, list) and isinstance(have, list) and any(token.startswith("k:") for token in tree):
        for token, below in tree.items():
            if token.startswith("k:") and (mine := _item(token, want)) is not ABSENT:
                yield from departures(below, mine, value_at((token,), have), (*at, token))
    elif type(want) is not type(have) or want != have:
        yield at


def _item(token: str, items: list[Any]) -> Any:
    """The item that a token refers to."""
    wanted = orjson.loads(token[2:])
    return next((item for item in items if isinstance(item, Mapping) and has_keys(item, wanted)), ABSENT)


def has_keys(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    """Whether a list item has these keys."""
    return all(key_of(item, name) == key_of(keys, name) for name in keys)


def key_of(item: Mapping[str, Any], name: str) -> Any:
    """The value of a key in an item of a keyed list. Empty equals missing, and a missing protocol is TCP."""
    return item.get(name) or ("TCP" if name == "protocol" else "")


def has_foreign_fields(live: Mapping[str, Any], manager: str) -> bool:
    """Whether another field manager owns fields outside of status that we do not own.

    A snapshot of such an object proves only that nothing has changed since, not that nothing was foreign.
    """
    own = own_entry(live, manager)
    ours = set(leaves(own.fields)) if own else set()
    for entry in entries(live):
        if entry.subresource == "status" or (entry.manager, entry.operation) == (manager, "Apply"):
            continue
        if any(tokens not in ours and tokens[0] != "f:status" for tokens in leaves(entry.fields)):
            return True
    return False
