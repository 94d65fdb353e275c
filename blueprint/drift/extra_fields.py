"""What is in a live object beyond the declaration: found in managedFields, which no dry-run shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from blueprint.changes.compare import ABSENT
from blueprint.drift.declared import STRING_MAPS, Difference, Spot, Terms, find_item
from blueprint.drift.equality import is_empty
from blueprint.drift.model import FindingKind
from blueprint.drift.ownership import below, children, foreign, is_atomic, is_set, item_keys, key_token, latest
from blueprint.kubernetes.defaults import is_allocated, is_default
from blueprint.kubernetes.field_types import Shape
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


def additions(spot: Spot) -> Iterator[Difference]:
    """Every field that somebody owns and the bundle does not declare, at the highest level that is new."""
    for token, step, have in children(spot.claims, spot.have):
        there = (*spot.there, step)
        if there in SERVERS_OWN:
            continue
        claims = below(spot.claims, token)
        want, index = _declared(spot, step, have)
        if want is ABSENT:
            yield from _undeclared(Spot(ABSENT, have, claims, spot.at, there))
        elif isinstance(want, Mapping | list) and not is_atomic(claims):
            yield from additions(Spot(want, have, claims, (*spot.at, index), there))


def _declared(spot: Spot, step: str | int, have: Any) -> tuple[Any, str | int]:
    """What is declared for a live child, and its key or index on the declared side."""
    if isinstance(step, str):
        return (spot.want.get(step, ABSENT) if isinstance(spot.want, Mapping) else ABSENT), step
    if not isinstance(spot.want, list):
        return ABSENT, step
    if keys := item_keys(spot.claims):
        index = find_item(spot.want, have, keys)
    else:
        index = spot.want.index(have) if have in spot.want else None
    return (ABSENT, step) if index is None else (spot.want[index], index)


def _undeclared(spot: Spot) -> Iterator[Difference]:
    """One addition where somebody made this very field, else those below it. Items of a set are each somebody's."""
    if _is_string_map(spot) or is_set(spot.claims) or not any(claim.whole for claim in spot.claims):
        yield from additions(Spot({}, spot.have, spot.claims, spot.at, spot.there))
        return
    owners = tuple(claim for claim in spot.claims if claim.whole)
    yield Difference(FindingKind.FOREIGN_ADDITION, spot, latest(foreign(owners) or owners))


def _is_string_map(spot: Spot) -> bool:
    return spot.there[-1] in STRING_MAPS and isinstance(spot.have, Mapping) and not is_atomic(spot.claims)


def unowned_additions(spot: Spot, terms: Terms) -> Iterator[Difference]:
    """The same for an object without any managedFields: what is neither declared nor a server's default.

    Nobody can be named, and a default that is not known here counts as an addition.
    """
    for step, have, at, want in _pairs(spot, terms.shape):
        there = (*spot.there, step)
        tokens = (*spot.tokens, _token(step, have, terms.shape.list_keys(spot.there)))
        child = Spot(want, have, (), spot.at if want is ABSENT else (*spot.at, at), there, tokens)
        if there in SERVERS_OWN or _is_servers(child, terms):
            continue
        if want is not ABSENT:
            yield from unowned_additions(child, terms)
        elif isinstance(have, Mapping) and step in {*STRING_MAPS, "metadata"}:
            yield from unowned_additions(replace(child, want={}), terms)
        else:
            yield Difference(FindingKind.FOREIGN_ADDITION, child)


def _token(step: str | int, have: Any, keys: tuple[str, ...]) -> str:
    """How the record of an apply names a child."""
    return f"f:{step}" if isinstance(step, str) else (keys and key_token(have, keys)) or f"i:{step}"


def _is_servers(spot: Spot, terms: Terms) -> bool:
    """Whether the server itself gave a field its value: instead of none, of an empty one, or of what we applied."""
    if spot.want is not ABSENT and not is_empty(spot.want):
        return terms.stored_so(spot)
    is_known = is_default(spot.there, spot.have, terms.shape, terms.live) or is_allocated(spot.there, terms.shape)
    return is_known or terms.stored_so(spot)


def _pairs(spot: Spot, shape: Shape) -> Iterator[tuple[str | int, Any, str | int, Any]]:
    """The children of a live value: key or index, value, and what is declared for it, with its key or index there."""
    if isinstance(spot.have, Mapping):
        wanted = spot.want if isinstance(spot.want, Mapping) else {}
        for key, have in spot.have.items():
            yield key, have, key, wanted.get(key, ABSENT)
    elif isinstance(spot.have, list) and isinstance(spot.want, list):
        likely = list_key(spot.want, spot.have)
        keys = shape.list_keys(spot.there) or ((likely,) if likely else ())
        for index, have in enumerate(spot.have):
            found = _counterpart(spot.want, have, index, keys, in_set=shape.is_set(spot.there))
            yield (index, have, index, ABSENT) if found is None else (index, have, found, spot.want[found])


def _counterpart(wanted: list[Any], have: Any, index: int, keys: tuple[str, ...], *, in_set: bool) -> int | None:
    if keys:
        return find_item(wanted, have, keys)
    if in_set:
        return wanted.index(have) if have in wanted else None
    return index if index < len(wanted) else None
