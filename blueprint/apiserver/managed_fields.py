"""Field ownership: managedFields entries, their field sets, and what an object is apart from bookkeeping.

A field is named here as fieldsV1 names it, a tuple of tokens: `f:spec` a map key, `k:{"name":"x"}` a list item
by its keys, `v:"x"` an item of a set, `i:0` an index. Unlike dotted text this is never ambiguous.
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
"""The tree of a field that is not in one; an empty tree of a field that is means that it is owned as one piece."""

_ITSELF = "."
"""In a fieldsV1 tree: the container itself, besides what is in it."""


class Entry(Record):
    """One managedFields entry. `time` is RFC 3339; `fields` the fieldsV1 tree, in terms of `api_version`."""

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
    """Every managedFields entry of a live object."""
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
    """What `manager` owns by server-side apply; None where it owns nothing."""
    for entry in entries(live):
        if (entry.manager, entry.operation, entry.subresource) == (manager, "Apply", ""):
            return entry
    return None


def fieldset_hash(tree: Tree) -> str:
    """A name for exactly this set of fields."""
    return json_digest(tree)


def content(live: Mapping[str, Any]) -> dict[str, Any]:
    """What an object says, without status and what the server keeps for itself."""
    stated = {key: value for key, value in live.items() if key not in {"status", "metadata"}}
    stated["metadata"] = {k: v for k, v in live["metadata"].items() if k not in SERVER_METADATA}
    return stated


def content_hash(live: Mapping[str, Any]) -> str:
    """A name for what an object says; status and resourceVersion may change without changing it."""
    return json_digest(content(live))


def leaves(tree: Tree, at: Tokens = ()) -> Iterator[Tokens]:
    """Every field that is owned as one piece: scalars, atomic lists and maps, empty containers."""
    for token, below in tree.items():
        if token == _ITSELF:
            continue
        if not below or set(below) == {_ITSELF}:
            yield (*at, token)
        else:
            yield from leaves(below, (*at, token))


def server_spelling(tokens: Tokens) -> str:
    """The field as conflict messages of the server spell it: `.spec.ports[port=80,protocol="TCP"].name`."""
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
    """The field that a conflict message means, and who owns it.

    Dots in map keys make the message ambiguous, so it is never split: it is looked up among the fields that
    are owned.
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
    """The path of a field inside `data`; None where `data` does not have it."""
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
    """The key or index in `data` that one token means; None where `data` has no such part."""
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

    Exact: a value that one side has in another form (`1` and `1.0`, `1000m` and `1`) differs. Every object that is
    written is looked at so: the three are walked together, not from the top for every field.
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
    """The parts of `want` that `have` lacks or has otherwise, outermost only. `tree` tells how lists are keyed.

    What is owned as one piece is not looked into; what the server drops or sets itself may not even be in `tree`.
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
    """The item that a token means."""
    wanted = orjson.loads(token[2:])
    return next((item for item in items if isinstance(item, Mapping) and has_keys(item, wanted)), ABSENT)


def has_keys(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    """Whether a list item has these keys."""
    return all(key_of(item, name) == key_of(keys, name) for name in keys)


def key_of(item: Mapping[str, Any], name: str) -> Any:
    """The key of an item of a keyed list: an empty one is the same as none, and a protocol that is not said is TCP."""
    return item.get(name) or ("TCP" if name == "protocol" else "")


def has_foreign_fields(live: Mapping[str, Any], manager: str) -> bool:
    """Whether somebody else owns fields outside status that we do not own.

    A snapshot of such an object proves that nothing changed since, not that nothing was foreign.
    """
    own = own_entry(live, manager)
    ours = set(leaves(own.fields)) if own else set()
    for entry in entries(live):
        if entry.subresource == "status" or (entry.manager, entry.operation) == (manager, "Apply"):
            continue
        if any(tokens not in ours and tokens[0] != "f:status" for tokens in leaves(entry.fields)):
            return True
    return False
