"""What is in a live object beyond the declaration: found in managedFields, which no dry-run shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.drift.declared import STRING_MAPS, Difference, Spot, find_item
from blueprint.drift.defaults import IsDefault
from blueprint.drift.model import FindingKind
from blueprint.drift.ownership import below, children, foreign, is_atomic, is_set, item_keys, latest
from blueprint.render.compare import ABSENT
from blueprint.source.paths import list_key

_SERVERS_OWN = {
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
        if there in _SERVERS_OWN:
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


def unowned_additions(spot: Spot, is_default: IsDefault) -> Iterator[Difference]:
    """The same for an object without any managedFields: what is neither declared nor a server's default.

    Nobody can be named, and a default that is not known here counts as an addition.
    """
    if isinstance(spot.have, Mapping):
        wanted = spot.want if isinstance(spot.want, Mapping) else {}
        for key, have in spot.have.items():
            yield from _unowned_child(spot, (key, key), have, wanted.get(key, ABSENT), is_default)
    elif isinstance(spot.have, list) and isinstance(spot.want, list):
        key = list_key(spot.want, spot.have)
        for index, have in enumerate(spot.have):
            found = find_item(spot.want, have, (key,)) if key else (index if index < len(spot.want) else None)
            want = ABSENT if found is None else spot.want[found]
            yield from _unowned_child(spot, (index, index if found is None else found), have, want, is_default)


def _unowned_child(
    spot: Spot, steps: tuple[str | int, str | int], have: Any, want: Any, is_default: IsDefault
) -> Iterator[Difference]:
    """`steps` are the key or index of the child in the live object and in the declared one."""
    there = (*spot.there, steps[0])
    if there in _SERVERS_OWN or (want is ABSENT and is_default(there, have, spot.have)):
        return
    if want is not ABSENT or (isinstance(have, Mapping) and steps[0] in {*STRING_MAPS, "metadata"}):
        at = (*spot.at, steps[1]) if want is not ABSENT else spot.at
        yield from unowned_additions(Spot({} if want is ABSENT else want, have, (), at, there), is_default)
    else:
        yield Difference(FindingKind.FOREIGN_ADDITION, Spot(ABSENT, have, (), spot.at, there))
