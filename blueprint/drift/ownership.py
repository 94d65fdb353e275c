"""The owners of the fields of a live object: managedFields, traversed together with the object itself.

A claim is one managedFields entry, or the part of it below some field. The keys of the trees are those of fieldsV1:
`f:name` is a map key, `k:{"name":"x"}` a list item by its keys, `v:"x"` an item of a set, `.` the container itself. A
tree without children owns the whole value: a scalar, or an atomic list or map.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.apiserver.managed_fields import Entry, entries, has_keys, key_of, step_into
from blueprint.drift.model import Writer
from blueprint.records import Record


class OwnedFields(Record):
    """The fields that one writer owns at and below a field. `ours` is true only for our own server-side apply."""

    writer: Writer
    ours: bool
    tree: Mapping[str, Any]

    @property
    def whole(self) -> bool:
        """Whether it owns the field itself: as a leaf, or as the container."""
        return not self.tree or "." in self.tree


Claims = tuple[OwnedFields, ...]


def claims_of(live: Mapping[str, Any], manager: str) -> Claims:
    """All claims on a live object. `manager` is our field manager."""
    return tuple(_claim(entry, manager) for entry in entries(live) if entry.fields)


def _claim(entry: Entry, manager: str) -> OwnedFields:
    ours = (entry.manager, entry.operation, entry.subresource) == (manager, "Apply", "")
    return OwnedFields(Writer(entry.manager, entry.operation, entry.subresource, entry.time), ours, entry.fields)


def below(claims: Claims, token: str) -> Claims:
    """The claims on one child."""
    return tuple(OwnedFields(c.writer, c.ours, c.tree[token]) for c in claims if token in c.tree)


def foreign(claims: Claims) -> Claims:
    """The claims that are not ours."""
    return tuple(c for c in claims if not c.ours)


def owned_by_us(claims: Claims) -> bool:
    """Whether one of these claims is ours."""
    return any(c.ours for c in claims)


def is_atomic(claims: Claims) -> bool:
    """Whether the field is owned as a whole: it has an owner, and no part of it has one."""
    return bool(claims) and not any(c.tree for c in claims)


def latest(claims: Claims) -> Writer | None:
    """The writer of the most recent claim."""
    return max((c.writer for c in claims), key=lambda writer: writer.time, default=None)


def tokens(claims: Claims) -> list[str]:
    """The children named in any of these claims, in a stable order."""
    return sorted({token for claim in claims for token in claim.tree} - {"."})


def item_keys(claims: Claims) -> tuple[str, ...]:
    """The fields that identify the items of a keyed list; empty if the list is not keyed."""
    for token in tokens(claims):
        if token.startswith("k:"):
            return tuple(json.loads(token[2:]))
    return ()


def is_set(claims: Claims) -> bool:
    """Whether the field is a set of scalars."""
    return any(token.startswith("v:") for token in tokens(claims))


def children(claims: Claims, value: Any) -> Iterator[tuple[str, str | int, Any]]:
    """The claimed children that exist in `value`: (token, key or index, child)."""
    for token in tokens(claims):
        if (step := step_into(token, value)) is not None:
            yield token, step, value[step]


def matches(item: Any, keys: Mapping[str, Any]) -> bool:
    """Whether a list item has these keys."""
    return isinstance(item, Mapping) and has_keys(item, keys)


def item_token(claims: Claims, item: Mapping[str, Any]) -> str:
    """The token of an item of a keyed list, found by its live value; empty if no manager owns it."""
    found = (t for t in tokens(claims) if t.startswith("k:") and matches(item, json.loads(t[2:])))
    return next(found, "")


def key_token(item: Any, keys: Sequence[str]) -> str:
    """The token built from the keys, if no manager owns the item."""
    return "k:" + json.dumps({key: key_of(item, key) for key in keys}) if isinstance(item, Mapping) else ""


def claims_at(live: Mapping[str, Any], path: tuple[str, ...], manager: str) -> Claims:
    """The claims on a field whose path consists of map keys only."""
    claims = claims_of(live, manager)
    for key in path:
        claims = below(claims, f"f:{key}")
    return claims
