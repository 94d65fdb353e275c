"""What became of the fields that the bundle declares: the same, modified, removed, taken over or reordered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from blueprint.cluster.fields import Tokens, server_spelling
from blueprint.drift.defaults import IsDefault, is_server_default
from blueprint.drift.equality import deep_same, same
from blueprint.drift.model import FindingKind, Writer
from blueprint.drift.ownership import (
    Claims,
    below,
    foreign,
    is_atomic,
    is_set,
    item_keys,
    item_token,
    latest,
    owned_by_us,
)
from blueprint.render.compare import ABSENT
from blueprint.render.model import Path
from blueprint.source.paths import list_key

STRING_MAPS = {"labels", "annotations", "data", "binaryData", "matchLabels"}
"""Maps in which every key is a thing of its own."""

_NOT_TRACKED = {(), ("metadata",)}
_IDENTITY = {"apiVersion", "kind", "name", "namespace"}


@dataclass(frozen=True, slots=True)
class Spot:
    """One field seen from both sides: what is wanted, what is there, and who claims it.

    `at` is its path in the declared object (for origins), `there` in the live one; they differ in the
    indices of lists. For a field that is not declared, `at` is the nearest declared one above it.
    """

    want: Any
    have: Any
    claims: Claims
    at: Path = ()
    there: Path = ()
    tokens: Tokens = ()

    def child(self, key: str) -> Spot:
        """The field `key` of a mapping."""
        have = self.have.get(key, ABSENT) if isinstance(self.have, Mapping) else ABSENT
        token = f"f:{key}"
        return Spot(
            self.want[key],
            have,
            below(self.claims, token),
            (*self.at, key),
            (*self.there, key),
            (*self.tokens, token),
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """How values of one object are compared.

    Attributes:
        builtin: Whether the API server normalises values of this kind (quantities).
        exact: Whether `adjusted` is complete: a snapshot was taken right after exactly this declaration was
            applied. Then no default can hide inside an atomic value, and what differs was written later.
        is_default: Tells the values that the server fills in by itself.
        adjusted: What the server stored otherwise than declared, by field as the server spells it.
    """

    builtin: bool = True
    exact: bool = False
    is_default: IsDefault = is_server_default
    adjusted: Mapping[str, Any] = field(default_factory=dict)

    def stored_so(self, spot: Spot) -> bool:
        """Whether the live value is what our own apply left there."""
        spelt = server_spelling(spot.tokens)
        return spelt in self.adjusted and self.adjusted[spelt] == spot.have


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is not as declared. `sure` is False where the server itself may have written it so."""

    kind: FindingKind
    spot: Spot
    writer: Writer | None = None
    sure: bool = True


def declared_differences(spot: Spot, terms: Terms) -> Iterator[Difference]:
    """Every declared field that is not there as declared."""
    want, have = spot.want, spot.have
    if have is ABSENT and want and spot.at[-1] in STRING_MAPS and isinstance(want, Mapping):
        yield from (Difference(FindingKind.REMOVED, spot.child(key)) for key in want)
    elif have is ABSENT and want not in (None, "", []):
        yield Difference(FindingKind.REMOVED, spot)
    elif want and isinstance(want, Mapping | list) and isinstance(have, type(want)):
        yield from _container(spot, terms)
    else:
        yield from _piece(spot, same(want, have, spot.at, builtin=terms.builtin), terms)


def _container(spot: Spot, terms: Terms) -> Iterator[Difference]:
    if is_atomic(spot.claims):
        equal = deep_same(spot.want, spot.have, spot.at, builtin=terms.builtin)
        if not (equal or terms.exact):
            equal = _covers(spot.want, spot.have, spot.there, terms)
        yield from _piece(spot, equal, terms)
    elif isinstance(spot.want, Mapping):
        for key in spot.want:
            if not (spot.at in _NOT_TRACKED and key in _IDENTITY):
                yield from declared_differences(spot.child(key), terms)
    else:
        yield from _list(spot, terms)


def _piece(spot: Spot, equal: bool, terms: Terms) -> Iterator[Difference]:  # noqa: FBT001 - one fact
    """A scalar, or a value that is owned as one piece.

    Where our claim is whole, nobody else wrote it: the server stored it so, or somebody used our name.
    """
    ours = owned_by_us(spot.claims)
    others = latest(foreign(spot.claims))
    if not (equal or terms.stored_so(spot)):
        writer = latest(spot.claims) if ours else others
        yield Difference(FindingKind.MODIFIED, spot, writer, sure=not ours)
    elif not ours:
        yield Difference(FindingKind.OWNERSHIP_LOST, spot, others)


def _covers(want: Any, have: Any, at: Path, terms: Terms) -> bool:
    """Whether `have` is `want`, apart from what the server fills in."""
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        return all(_covers(value, have.get(key, ABSENT), (*at, key), terms) for key, value in want.items()) and all(
            terms.is_default((*at, key), have[key], have) for key in have if key not in want
        )
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(
            _covers(w, h, (*at, index), terms) for index, (w, h) in enumerate(zip(want, have, strict=True))
        )
    return same(want, have, at, builtin=terms.builtin)


def _list(spot: Spot, terms: Terms) -> Iterator[Difference]:
    if keys := item_keys(spot.claims) or _likely_keys(spot):
        yield from _keyed(spot, keys, terms)
    elif is_set(spot.claims):
        for index, item in enumerate(spot.want):
            if item not in spot.have:
                yield Difference(FindingKind.REMOVED, Spot(item, ABSENT, (), (*spot.at, index), spot.there))
    else:
        yield from _piece(spot, deep_same(spot.want, spot.have, spot.at, builtin=terms.builtin), terms)


def _likely_keys(spot: Spot) -> tuple[str, ...]:
    """Where nobody owns the list, its items are matched by the key that tells them apart."""
    key = None if spot.claims else list_key(spot.want, spot.have)
    return (key,) if key else ()


def _keyed(spot: Spot, keys: tuple[str, ...], terms: Terms) -> Iterator[Difference]:
    order: list[int] = []
    for index, item in enumerate(spot.want):
        at = (*spot.at, index)
        if (found := find_item(spot.have, item, keys)) is None:
            yield Difference(FindingKind.REMOVED, Spot(item, ABSENT, (), at, (*spot.there, index)))
            continue
        order.append(found)
        have = spot.have[found]
        token = item_token(spot.claims, have)
        claims = below(spot.claims, token)
        child = Spot(item, have, claims, at, (*spot.there, found), (*spot.tokens, token))
        yield from _twins(child, spot.have, keys)
        yield from declared_differences(child, terms)
    if order != sorted(order):
        yield Difference(FindingKind.REORDERED, spot, latest(spot.claims), sure=_order_matters(spot))


def _twins(spot: Spot, items: Sequence[Any], keys: tuple[str, ...]) -> Iterator[Difference]:
    """Items with the keys of another one: clients that do not apply can make them, and an apply drops them."""
    same_keys = [item for item in items if _identity(item, keys) == _identity(spot.have, keys)]
    if len(same_keys) > 1:
        twins = replace(spot, have=same_keys)
        yield Difference(FindingKind.MODIFIED, twins, latest(foreign(spot.claims)))


def find_item(items: Sequence[Any], like: Any, keys: tuple[str, ...]) -> int | None:
    """The index of the item with the same keys. A protocol that is left out is TCP, as everywhere in the API."""
    wanted = _identity(like, keys)
    return next((index for index, item in enumerate(items) if _identity(item, keys) == wanted), None)


def _identity(item: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    if not isinstance(item, Mapping):
        return (item,)
    return tuple(item.get(key, "TCP" if key == "protocol" else None) for key in keys)


def _order_matters(spot: Spot) -> bool:
    """Init containers run in order; a variable can only refer to one that stands before it."""
    if spot.at[-1] == "initContainers":
        return True
    return spot.at[-1] == "env" and any("$(" in str(item.get("value", "")) for item in spot.want)
