"""Fields of a live object beyond the declaration, found in managedFields, which no dry run shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.changes.compare import ABSENT
from blueprint.drift.declared import STRING_MAPS, CompareOptions, Difference, FieldPair, find_item
from blueprint.drift.equality import is_empty
from blueprint.drift.model import FindingKind
from blueprint.drift.ownership import below, children, foreign, is_atomic, is_set, item_keys, key_token, latest
from blueprint.kubernetes.defaults import is_allocated, is_default
from blueprint.kubernetes.field_types import Shape
from blueprint.records import replace
from blueprint.source.paths import list_key

SERVERS_OWN = {
    ("status",),
    ("apiVersion",),
    ("kind",),
    ("metadata", "name"),
    ("metadata", "namespace"),
    ("metadata", "uid"),
    ("metadata", "resourceVersion"),
    ("metadata", "generation"),
    ("metadata", "creationTimestamp"),
    ("metadata", "managedFields"),
    ("metadata", "deletionTimestamp"),
    ("metadata", "deletionGracePeriodSeconds"),
}


def additions(pair: FieldPair) -> Iterator[Difference]:
    """All fields with an owner that the bundle does not declare, each at the highest new level."""
    for token, step, have in children(pair.claims, pair.have):
        there = (*pair.there, step)
        if there in SERVERS_OWN:
            continue
        claims = below(pair.claims, token)
        want, index = _declared(pair, step, have)
        if want is ABSENT:
            yield from _undeclared(FieldPair(ABSENT, have, claims, pair.at, there))
        elif isinstance(want, Mapping | list) and not is_atomic(claims):
            yield from additions(FieldPair(want, have, claims, (*pair.at, index), there))


def _declared(pair: FieldPair, step: str | int, have: Any) -> tuple[Any, str | int]:
    """The declared value for a live child, and its key or index on the declared side."""
    if isinstance(step, str):
        return (pair.want.get(step, ABSENT) if isinstance(pair.want, Mapping) else ABSENT), step
    if not isinstance(pair.want, list):
        return ABSENT, step
    if keys := item_keys(pair.claims):
        index = find_item(pair.want, have, keys)
    else:
        index = pair.want.index(have) if have in pair.want else None
    return (ABSENT, step) if index is None else (pair.want[index], index)


def _undeclared(pair: FieldPair) -> Iterator[Difference]:
    """One addition if someone created this very field, otherwise those below it. Items of a set have individual
    owners.
    """
    if _is_string_map(pair) or is_set(pair.claims) or not any(claim.whole for claim in pair.claims):
        yield from additions(FieldPair({}, pair.have, pair.claims, pair.at, pair.there))
        return
    owners = tuple(claim for claim in pair.claims if claim.whole)
    yield Difference(FindingKind.FOREIGN_ADDITION, pair, latest(foreign(owners) or owners))


def _is_string_map(pair: FieldPair) -> bool:
    return pair.there[-1] in STRING_MAPS and isinstance(pair.have, Mapping) and not is_atomic(pair.claims)


def unowned_additions(pair: FieldPair, options: CompareOptions) -> Iterator[Difference]:
    """Additions to an object without managedFields: fields that are neither declared nor server defaults.

    They have no known writer, and an unknown default counts as an addition.
    """
    for step, have, at, want in _pairs(pair, options.shape):
        there = (*pair.there, step)
        tokens = (*pair.tokens, _token(step, have, options.shape.list_keys(pair.there)))
        child = FieldPair(want, have, (), pair.at if want is ABSENT else (*pair.at, at), there, tokens)
        if there in SERVERS_OWN or _is_servers(child, options):
            continue
        if want is not ABSENT:
            yield from unowned_additions(child, options)
        elif isinstance(have, Mapping) and step in {*STRING_MAPS, "metadata"}:
            yield from unowned_additions(replace(child, want={}), options)
        else:
            yield Difference(FindingKind.FOREIGN_ADDITION, child)


def _token(step: str | int, have: Any, keys: tuple[str, ...]) -> str:
    """The token of a child in the managedFields entry of an apply."""
    return f"f:{step}" if isinstance(step, str) else (keys and key_token(have, keys)) or f"i:{step}"


def _is_servers(pair: FieldPair, options: CompareOptions) -> bool:
    """Whether the server itself set the value: in place of a missing or empty one, or of what we applied."""
    if pair.want is not ABSENT and not is_empty(pair.want):
        return options.stored_so(pair)
    is_known = is_default(pair.there, pair.have, options.shape, options.live) or is_allocated(pair.there, options.shape)
    return is_known or options.stored_so(pair)


def _pairs(pair: FieldPair, shape: Shape) -> Iterator[tuple[str | int, Any, str | int, Any]]:
    """The children of a live value: key or index, value, the declared value, and its key or index."""
    if isinstance(pair.have, Mapping):
        wanted = pair.want if isinstance(pair.want, Mapping) else {}
        for key, have in pair.have.items():
            yield key, have, key, wanted.get(key, ABSENT)
    elif isinstance(pair.have, list) and isinstance(pair.want, list):
        likely = list_key(pair.want, pair.have)
        keys = shape.list_keys(pair.there) or ((likely,) if likely else ())
        for index, have in enumerate(pair.have):
            found = _counterpart(pair.want, have, index, keys, in_set=shape.is_set(pair.there))
            yield (index, have, index, ABSENT) if found is None else (index, have, found, pair.want[found])


def _counterpart(wanted: list[Any], have: Any, index: int, keys: tuple[str, ...], *, in_set: bool) -> int | None:
    if keys:
        return find_item(wanted, have, keys)
    if in_set:
        return wanted.index(have) if have in wanted else None
    return index if index < len(wanted) else None
