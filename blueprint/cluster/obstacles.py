"""Finds fields of other managers that prevent a declared field from being written.

A server-side apply merges objects, so fields of other managers stay. For example, a port that was renumbered with an
editor then exists next to the declared one with the same name, or a volume has another type in addition to the declared
one, and the server rejects the result. This is different from an immutable field. A rejected update is therefore
retried without other managers' fields near those in the error message, then without all of them, always as a dry run.
What succeeds proves what the obstacle was.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.managed_fields import Entry, Tokens, Tree, entries, step_into
from blueprint.bundle.model import Path
from blueprint.cluster.server_paths import follow
from blueprint.records import Record

Data = Mapping[str, Any]
JSON_PATCH = "application/json-patch+json"
_SERVERS = {("status",), ("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}
_MOST_TRIALS = 12


class ForeignField(Record):
    """An undeclared field or list item of a live object, and its owner."""

    path: Path
    tokens: Tokens
    value: Any
    owner: Entry


class Workaround(Record):
    """An update that succeeds without certain fields of others; `predicted` is the resulting object."""

    removed: tuple[ForeignField, ...]
    predicted: dict[str, Any]


class RefusedUpdate(Record):
    """A rejected update. `want` is the applied object, `created` the result of creating a new one with its content."""

    connection: Connection
    url: str
    us: str
    want: Data
    live: Data
    created: Data

    def find_way(self, refusal: ApiError) -> Workaround | tuple[ApiError, ...]:
        """The smallest set of fields whose removal makes the update succeed, or all errors if nothing does."""
        found = tuple(extras(self.want, self.live, self.us))
        refusals = [refusal]
        for some in _nearest_first(found, self.named(refusal)):
            predicted = self._without(some)
            if not isinstance(predicted, ApiError):
                return self._least(some, predicted)
            refusals.append(predicted)
        return tuple(refusals)

    def named(self, refusal: ApiError) -> list[Path]:
        """The fields in an error message, in the rejected object; those that cannot be found are omitted."""
        merged = self.merged()
        return [path for cause in refusal.causes if (path := follow(cause.field, merged))]

    def merged(self, without: Sequence[ForeignField] = ()) -> dict[str, Any]:
        """The live object merged with the declared one, without some of its extra fields."""
        ours = [extra for extra in extras(self.want, self.live, self.us, ours=True) if extra not in without]
        left = _removed(self.live, [extra.path for extra in (*without, *ours)])
        trees = [entry.fields for state in (self.created, self.live) for entry in entries(state)]
        done: dict[str, Any] = _merge(self.want, left, trees)
        return done

    def _least(self, some: Sequence[ForeignField], predicted: dict[str, Any]) -> Workaround:
        """The workaround without fields whose removal turns out to be unnecessary."""
        for extra in some if len(some) <= _MOST_TRIALS else ():
            fewer = tuple(other for other in some if other is not extra)
            again = self._without(fewer) if fewer else None
            if isinstance(again, dict):
                some, predicted = fewer, again
        return Workaround(tuple(some), predicted)

    def _without(self, some: Sequence[ForeignField]) -> dict[str, Any] | ApiError:
        body = self.merged(some)
        parts = {f"/{key}": body[key] for key in body if key not in {"metadata", "status", "apiVersion", "kind"}}
        parts |= {f"/metadata/{key}": body["metadata"].get(key) or {} for key in ("labels", "annotations")}
        gone = [f"/{key}" for key in self.live if key not in body]
        patch = [{"op": "add", "path": path, "value": value} for path, value in parts.items()]
        patch += [{"op": "remove", "path": path} for path in gone]
        query = {"fieldManager": self.us, "dryRun": "All"}
        try:
            answer: dict[str, Any] = self.connection.request(
                "PATCH", self.url, patch, query=query, content_type=JSON_PATCH
            )
        except ApiError as error:
            if error.status == 0 or error.unauthenticated:
                raise
            return error
        return answer


def extras(want: Data, live: Data, us: str, *, ours: bool = False) -> Iterator[ForeignField]:
    """Owned fields in `live` that are not in `want`, each at the highest new level.

    Fields that only our own apply owns disappear with the next apply and are omitted; with `ours`, only those are
    returned.
    """
    claims = [(entry, entry.fields) for entry in entries(live) if entry.subresource != "status"]
    for extra, owners in _extras(want, live, claims, (), ()):
        others = [entry for entry in owners if (entry.manager, entry.operation) != (us, "Apply")]
        if ours == (not others):
            yield ForeignField(extra.path, extra.tokens, extra.value, (others or owners)[-1])


_Claims = Sequence[tuple[Entry, Tree]]


def _extras(
    want: Any, have: Any, claims: _Claims, path: Path, tokens: Tokens
) -> Iterator[tuple[ForeignField, Sequence[Entry]]]:
    for token in sorted({token for _, tree in claims for token in tree} - {"."}):
        step = step_into(token, have)
        if step is None or (*path, step) in _SERVERS:
            continue
        inside = [(entry, tree[token]) for entry, tree in claims if token in tree]
        at = step_into(token, want)
        here, named, value = (*path, step), (*tokens, token), have[step]
        owners = [entry for entry, tree in inside if not tree or "." in tree]
        if at is None and owners:
            yield ForeignField(here, named, value, owners[-1]), owners
        else:
            below = {} if at is None else want[at]
            if isinstance(below, Mapping | list) and any(tree for _, tree in inside):
                yield from _extras(below, value, inside, here, named)


def _nearest_first(found: Sequence[ForeignField], named: Iterable[Path]) -> Iterator[tuple[ForeignField, ...]]:
    """Sets of fields to remove: those next to the named fields, then those further away, then all."""
    holders = {extra.path[:-1] for extra in found}
    near = [holder for holder in holders if any(_is_above(holder, path) for path in named)]
    tried: tuple[ForeignField, ...] = ()
    for depth in sorted({len(holder) for holder in near}, reverse=True):
        some = tuple(e for e in found if e.path[:-1] in near and len(e.path[:-1]) >= depth)
        yield some
        tried = some
    if found and len(tried) < len(found):
        yield tuple(found)


def _is_above(holder: Path, path: Path) -> bool:
    """Whether a field is inside a container. Indices are ignored, because the server's refer to the merged list."""
    return len(holder) <= len(path) and all(
        one == other or (isinstance(one, int) and isinstance(other, int))
        for one, other in zip(holder, path, strict=False)
    )


def related(one: Path, other: Path) -> bool:
    """Whether one field equals or contains the other, ignoring indices."""
    return _is_above(one, other) or _is_above(other, one)


def _removed(data: Data, paths: Iterable[Path]) -> dict[str, Any]:
    """A copy without these fields; indices refer to `data`."""
    left: dict[str, Any] = copy.deepcopy(dict(data))
    for path in sorted(paths, key=lambda p: [(isinstance(s, int), s if isinstance(s, int) else 0) for s in p])[::-1]:
        holder: Any = left
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]
    return left


def left_out(data: Data, paths: Iterable[Path]) -> dict[str, Any]:
    """The object to apply without some fields; maps and lists that become empty are removed as well."""
    left = _removed(data, paths)
    for path in paths:
        for end in range(len(path) - 1, 0, -1):
            holder: Any = left
            try:
                for step in path[: end - 1]:
                    holder = holder[step]
                empty = holder[path[end - 1]] in ({}, [])
            except (KeyError, IndexError):
                break
            if not empty:
                break
            del holder[path[end - 1]]
    return left


def _merge(want: Any, have: Any, trees: Sequence[Tree]) -> Any:
    """Merge like a server-side apply; `trees` determine which lists are keyed, sets, or atomic."""
    tokens = {token for tree in trees for token in tree} - {"."}
    if not tokens:
        return want
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        merged = {
            key: _merge(value, have[key], _below(trees, f"f:{key}")) if key in have else value
            for key, value in want.items()
        }
        return {**have, **merged}
    if not (isinstance(want, list) and isinstance(have, list)):
        return want
    if any(token.startswith("v:") for token in tokens):
        return [*want, *(item for item in have if item not in want)]
    return _merge_items(want, have, trees, sorted(token for token in tokens if token.startswith("k:")))


def _merge_items(want: list[Any], have: list[Any], trees: Sequence[Tree], tokens: Sequence[str]) -> list[Any]:
    known = [(token, step_into(token, want), step_into(token, have)) for token in tokens]
    merged = list(want)
    for token, at, there in known:
        if isinstance(at, int) and isinstance(there, int):
            merged[at] = _merge(want[at], have[there], _below(trees, token))
    taken = {there for _, at, there in known if at is not None}
    return [*merged, *(item for index, item in enumerate(have) if index not in taken)]


def _below(trees: Sequence[Tree], token: str) -> list[Tree]:
    return [tree[token] for tree in trees if token in tree]
