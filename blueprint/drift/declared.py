"""The state of the fields that the bundle declares: unchanged, modified, removed, taken over or reordered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.apiserver.managed_fields import Tokens, key_of
from blueprint.bundle.model import Path
from blueprint.changes.compare import ABSENT
from blueprint.cluster.list_order import order_matters
from blueprint.drift.equality import MatchDegree, covers, deep_same, is_empty, same
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
from blueprint.records import Record, field, replace
from blueprint.source.paths import list_key

STRING_MAPS = {"labels", "annotations", "data", "binaryData", "matchLabels"}
"""Maps whose keys are independent of each other."""

_NOT_TRACKED = {(), ("metadata",)}
_IDENTITY = {"apiVersion", "kind", "name", "namespace"}


class FieldPair(Record):
    """One field from both sides: the declared value, the live value, and its owners.

    `at` is its path in the declared object (for origins), `there` in the live one; they differ in list indices. For an
    undeclared field, `at` is the nearest declared ancestor.
    """

    want: Any
    have: Any
    claims: Claims
    at: Path = ()
    there: Path = ()
    tokens: Tokens = ()

    def child(self, key: str) -> FieldPair:
        """The field `key` of a mapping."""
        have = self.have.get(key, ABSENT) if isinstance(self.have, Mapping) else ABSENT
        token = f"f:{key}"
        return FieldPair(
            self.want[key],
            have,
            below(self.claims, token),
            (*self.at, key),
            (*self.there, key),
            (*self.tokens, token),
        )


class CompareOptions(Record):
    """How values of one object are compared.

    Attributes:
        shape: The API's definition of its fields.
        record: The state of the object right after exactly this declaration was applied; None if not recorded. With it,
            no default can hide inside an atomic value, and any difference was written later.
        live: The whole live object.
        held: Whether we own exactly what we owned right after that apply: fields that are not ours never were. The
            server withholds some fields from every applier (the spec of a CertificateSigningRequest, for example).
    """

    shape: Shape = UNKNOWN
    record: Snapshot | None = None
    live: Mapping[str, Any] = field(default_factory=dict)
    held: bool = False

    def stored_so(self, pair: FieldPair) -> bool:
        """Whether our own apply resulted in the live value, or in its absence."""
        return self.record is not None and self.record.stored_so(pair.tokens, pair.have)


class Difference(Record):
    """A field that is not as declared. `sure` is False if the server itself may have written it."""

    kind: FindingKind
    pair: FieldPair
    writer: Writer | None = None
    sure: bool = True


def declared_differences(pair: FieldPair, options: CompareOptions) -> Iterator[Difference]:
    """All declared fields that are not as declared."""
    want, have = pair.want, pair.have
    if have is ABSENT:
        yield from _absent(pair, options)
    elif isinstance(want, Mapping | list) and isinstance(have, type(want)):
        yield from _container(pair, options)
    else:
        yield from _piece(pair, same(want, have, pair.there, options.shape), options)


def _absent(pair: FieldPair, options: CompareOptions) -> Iterator[Difference]:
    """A missing field: the server drops some values; any other was removed.

    Which empty values it drops is not guessed: it is recorded, or determined by a dry run. Keys of maps stay.
    """
    if options.stored_so(pair) or pair.want is None:
        return
    if pair.want and pair.at[-1] in STRING_MAPS and isinstance(pair.want, Mapping):
        yield from (Difference(FindingKind.REMOVED, pair.child(key)) for key in pair.want)
    else:
        yield Difference(FindingKind.REMOVED, pair, sure=not _may_be_dropped(pair, options))


def _may_be_dropped(pair: FieldPair, options: CompareOptions) -> bool:
    """Whether the server may have dropped a field: then we still own it, whereas a removal by others removes our
    ownership.
    """
    if options.record and options.record.dropped is not None:
        return False
    return owned_by_us(pair.claims) or (is_empty(pair.want) and not options.shape.at(pair.there).is_key)


def _container(pair: FieldPair, options: CompareOptions) -> Iterator[Difference]:
    if is_atomic(pair.claims) or (not pair.claims and options.shape.is_atomic(pair.there)):
        yield from _atomic(pair, options)
    elif isinstance(pair.want, Mapping):
        for key in pair.want:
            if not (pair.at in _NOT_TRACKED and key in _IDENTITY):
                yield from declared_differences(pair.child(key), options)
    else:
        yield from _list(pair, options)


def _atomic(pair: FieldPair, options: CompareOptions) -> Iterator[Difference]:
    """A value that is owned as a whole. Without a record, it stays open how the server changed it."""
    equal = deep_same(pair.want, pair.have, pair.there, options.shape)
    if equal or options.record:
        yield from _piece(pair, equal, options)
        return
    cover = covers(pair.want, pair.have, pair.there, options.shape, options.live)
    for difference in _piece(pair, cover is MatchDegree.FULL, options):
        yield replace(difference, sure=difference.sure and cover is not MatchDegree.IF_DROPPED)


def _piece(pair: FieldPair, equal: bool, options: CompareOptions) -> Iterator[Difference]:  # noqa: FBT001 - one fact
    """A scalar, or a value that is owned as a whole.

    If we own it completely, only we wrote it: the server stored it in this form, or someone used our manager name.
    """
    ours = owned_by_us(pair.claims)
    others = latest(foreign(pair.claims))
    if not (equal or options.stored_so(pair)):
        writer = latest(pair.claims) if ours else others
        yield Difference(FindingKind.MODIFIED, pair, writer, sure=not ours)
    elif not (ours or options.held):
        yield Difference(FindingKind.OWNERSHIP_LOST, pair, others)


def _list(pair: FieldPair, options: CompareOptions) -> Iterator[Difference]:
    if keys := item_keys(pair.claims) or options.shape.list_keys(pair.there) or _likely_keys(pair):
        yield from _keyed(pair, keys, options)
    elif is_set(pair.claims) or options.shape.is_set(pair.there):
        for index, item in enumerate(pair.want):
            if item not in pair.have:
                yield Difference(FindingKind.REMOVED, FieldPair(item, ABSENT, (), (*pair.at, index), pair.there))
    else:
        yield from _piece(pair, deep_same(pair.want, pair.have, pair.there, options.shape), options)


def _likely_keys(pair: FieldPair) -> tuple[str, ...]:
    """The keys that probably identify the items, if no manager owns the list."""
    key = None if pair.claims else list_key(pair.want, pair.have)
    return (key,) if key else ()


def _keyed(pair: FieldPair, keys: tuple[str, ...], options: CompareOptions) -> Iterator[Difference]:
    order: list[int] = []
    for index, item in enumerate(pair.want):
        at = (*pair.at, index)
        if (found := find_item(pair.have, item, keys)) is None:
            yield Difference(FindingKind.REMOVED, FieldPair(item, ABSENT, (), at, (*pair.there, index)))
            continue
        order.append(found)
        have = pair.have[found]
        token = item_token(pair.claims, have) or key_token(have, keys)
        claims = below(pair.claims, token)
        child = FieldPair(item, have, claims, at, (*pair.there, found), (*pair.tokens, token))
        if twins := _twins(child, pair.have, keys):
            yield twins
        else:
            yield from declared_differences(child, options)
    if order != sorted(order):
        yield Difference(FindingKind.REORDERED, pair, latest(pair.claims), sure=order_matters(pair.at, pair.want))


def _twins(pair: FieldPair, items: Sequence[Any], keys: tuple[str, ...]) -> Difference | None:
    """Duplicate items with the same keys: clients that do not use apply can create them, and an apply drops them."""
    same_keys = [item for item in items if _identity(item, keys) == _identity(pair.have, keys)]
    if len(same_keys) == 1:
        return None
    return Difference(FindingKind.MODIFIED, replace(pair, have=same_keys), latest(foreign(pair.claims)))


def find_item(items: Sequence[Any], like: Any, keys: tuple[str, ...]) -> int | None:
    """The index of the item with the same keys."""
    wanted = _identity(like, keys)
    return next((index for index, item in enumerate(items) if _identity(item, keys) == wanted), None)


def _identity(item: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    if not isinstance(item, Mapping):
        return (item,)
    return tuple(key_of(item, key) for key in keys)
