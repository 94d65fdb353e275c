"""What became of the fields that the bundle declares: the same, modified, removed, taken over or reordered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from blueprint.apiserver.managed_fields import Tokens, key_of
from blueprint.bundle.model import Path
from blueprint.changes.compare import ABSENT
from blueprint.cluster.list_order import order_matters
from blueprint.drift.equality import Cover, covers, deep_same, is_empty, same
from blueprint.drift.model import FindingKind, Writer
from blueprint.drift.ownership import (
    Claims,
    below,
    foreign,
    is_atomic,
    is_set,
    item_keys,
    item_token,
    key_token,
    latest,
    owned_by_us,
)
from blueprint.inventory.model import Snapshot
from blueprint.kubernetes.field_types import UNKNOWN, Shape
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
        shape: What the API says of its fields.
        record: How the object was right after exactly this declaration was applied; None where nothing says so. With
            it no default can hide inside an atomic value, and what differs was written later.
        live: The whole live object.
        held: Whether we own exactly what we owned right after that apply: what is not ours never was. The server
            keeps some fields from every applier (the spec of a CertificateSigningRequest, for one).
    """

    shape: Shape = UNKNOWN
    record: Snapshot | None = None
    live: Mapping[str, Any] = field(default_factory=dict)
    held: bool = False

    def stored_so(self, spot: Spot) -> bool:
        """Whether the live value, or that there is none, is what our own apply left there."""
        return self.record is not None and self.record.stored_so(spot.tokens, spot.have)


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
    if have is ABSENT:
        yield from _absent(spot, terms)
    elif isinstance(want, Mapping | list) and isinstance(have, type(want)):
        yield from _container(spot, terms)
    else:
        yield from _piece(spot, same(want, have, spot.there, terms.shape), terms)


def _absent(spot: Spot, terms: Terms) -> Iterator[Difference]:
    """A field that is not there: the server drops some values, and whatever it keeps was removed.

    Which empty values it drops nobody guesses: the record knows it, else a dry-run tells. Keys of maps stay.
    """
    if terms.stored_so(spot) or spot.want is None:
        return
    if spot.want and spot.at[-1] in STRING_MAPS and isinstance(spot.want, Mapping):
        yield from (Difference(FindingKind.REMOVED, spot.child(key)) for key in spot.want)
    else:
        yield Difference(FindingKind.REMOVED, spot, sure=not _may_be_dropped(spot, terms))


def _may_be_dropped(spot: Spot, terms: Terms) -> bool:
    """Whether the server may be why a field is not there: our claim is left then; who removes it takes that away."""
    if terms.record and terms.record.dropped is not None:
        return False
    return owned_by_us(spot.claims) or (is_empty(spot.want) and not terms.shape.at(spot.there).is_key)


def _container(spot: Spot, terms: Terms) -> Iterator[Difference]:
    if is_atomic(spot.claims) or (not spot.claims and terms.shape.is_atomic(spot.there)):
        yield from _atomic(spot, terms)
    elif isinstance(spot.want, Mapping):
        for key in spot.want:
            if not (spot.at in _NOT_TRACKED and key in _IDENTITY):
                yield from declared_differences(spot.child(key), terms)
    else:
        yield from _list(spot, terms)


def _atomic(spot: Spot, terms: Terms) -> Iterator[Difference]:
    """A value that is owned as one piece. Without a record, what the server may have done to it is left open."""
    equal = deep_same(spot.want, spot.have, spot.there, terms.shape)
    if equal or terms.record:
        yield from _piece(spot, equal, terms)
        return
    cover = covers(spot.want, spot.have, spot.there, terms.shape, terms.live)
    for difference in _piece(spot, cover is Cover.FULL, terms):
        yield replace(difference, sure=difference.sure and cover is not Cover.IF_DROPPED)


def _piece(spot: Spot, equal: bool, terms: Terms) -> Iterator[Difference]:  # noqa: FBT001 - one fact
    """A scalar, or a value that is owned as one piece.

    Where our claim is whole, nobody else wrote it: the server stored it so, or somebody used our name.
    """
    ours = owned_by_us(spot.claims)
    others = latest(foreign(spot.claims))
    if not (equal or terms.stored_so(spot)):
        writer = latest(spot.claims) if ours else others
        yield Difference(FindingKind.MODIFIED, spot, writer, sure=not ours)
    elif not (ours or terms.held):
        yield Difference(FindingKind.OWNERSHIP_LOST, spot, others)


def _list(spot: Spot, terms: Terms) -> Iterator[Difference]:
    if keys := item_keys(spot.claims) or terms.shape.list_keys(spot.there) or _likely_keys(spot):
        yield from _keyed(spot, keys, terms)
    elif is_set(spot.claims) or terms.shape.is_set(spot.there):
        for index, item in enumerate(spot.want):
            if item not in spot.have:
                yield Difference(FindingKind.REMOVED, Spot(item, ABSENT, (), (*spot.at, index), spot.there))
    else:
        yield from _piece(spot, deep_same(spot.want, spot.have, spot.there, terms.shape), terms)


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
        token = item_token(spot.claims, have) or key_token(have, keys)
        claims = below(spot.claims, token)
        child = Spot(item, have, claims, at, (*spot.there, found), (*spot.tokens, token))
        if twins := _twins(child, spot.have, keys):
            yield twins
        else:
            yield from declared_differences(child, terms)
    if order != sorted(order):
        yield Difference(FindingKind.REORDERED, spot, latest(spot.claims), sure=order_matters(spot.at, spot.want))


def _twins(spot: Spot, items: Sequence[Any], keys: tuple[str, ...]) -> Difference | None:
    """Items with the keys of another one: clients that do not apply can make them, and an apply drops them."""
    same_keys = [item for item in items if _identity(item, keys) == _identity(spot.have, keys)]
    if len(same_keys) == 1:
        return None
    return Difference(FindingKind.MODIFIED, replace(spot, have=same_keys), latest(foreign(spot.claims)))


def find_item(items: Sequence[Any], like: Any, keys: tuple[str, ...]) -> int | None:
    """The index of the item with the same keys."""
    wanted = _identity(like, keys)
    return next((index for index, item in enumerate(items) if _identity(item, keys) == wanted), None)


def _identity(item: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    if not isinstance(item, Mapping):
        return (item,)
    return tuple(key_of(item, key) for key in keys)
