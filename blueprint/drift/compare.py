"""Compares one declared object with the live one: all differences, except expected ones, which are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.bundle.model import Object
from blueprint.drift.declared import CompareOptions, Difference, FieldPair, declared_differences
from blueprint.drift.expected import why_expected
from blueprint.drift.extra_fields import additions, unowned_additions
from blueprint.drift.model import FindingKind
from blueprint.drift.ownership import claims_of, foreign, latest, owned_by_us
from blueprint.drift.view import Live
from blueprint.inventory.model import Snapshot
from blueprint.inventory.snapshots import desired_hash, is_held, is_unchanged
from blueprint.kubernetes.defaults import is_default
from blueprint.kubernetes.field_types import UNKNOWN, Shape
from blueprint.records import Record, replace
from blueprint.report.model import IgnoredDifference
from blueprint.source.paths import format_path

NOBODYS = "changed since the apply only in fields that are neither declared nor owned: defaults of the server"
DEFAULT_VALUE = "owned by another manager, with the server's default value"
IDLE_ORDER = "order of a list that means the same in any order"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class ObjectComparison(Record):
    """The result of one comparison.

    Attributes:
        differences: Everything that may be drift.
        terms: How values were compared.
        settled: Whether nothing changed since our own last apply: remaining differences have not been applied yet.
        live: The live object, for paths.
        left_out: Differences that are not drift.
    """

    differences: tuple[Difference, ...]
    options: CompareOptions
    settled: bool
    live: Live
    left_out: tuple[IgnoredDifference, ...] = ()


def compare(
    obj: Object,
    manifest: Mapping[str, object],
    live: Live,
    snapshot: Snapshot | None,
    manager: str,
    shape: Shape = UNKNOWN,
    *,
    recorded: bool = False,
    distribution: str = "",
) -> ObjectComparison:
    """Compare `manifest` (the object as it is applied) with `live`.

    The result depends only on the arguments. `snapshot` is the state of the object right after an apply; `shape`
    describes the fields of its kind; `recorded`: the bundle is applied to this cluster, so the object should be ours,
    even if an apply has not written it; `distribution` is the one that the bundle was compiled for.
    """
    record = snapshot if snapshot and snapshot.desired == desired_hash(obj) else None
    options = CompareOptions(shape, record, live, held=record is not None and is_held(record, live, manager))
    pair = FieldPair(manifest, live, claims_of(live, manager))
    left_out: list[IgnoredDifference] = []
    settled = is_unchanged(snapshot, live)
    untouched = settled and options.record is not None
    expected = recorded if snapshot is None else snapshot.uid == live["metadata"].get("uid")
    declared = (d for d in declared_differences(pair, options) if not untouched or d.kind is FindingKind.OWNERSHIP_LOST)
    found = list(_ownership(pair, declared, expected=expected))
    # The same content may have other owners: an unfinished apply declared a default, which is ours now.
    as_then = options.held or not any(claim.ours for claim in pair.claims)
    if not (untouched and as_then and options.record and not options.record.foreign):
        found += _additions(pair, obj, left_out, options, distribution)
    relevant = [d for d in found if not _is_idle_reorder(d)]
    left_out += [_left_out(obj, live, d, IDLE_ORDER) for d in found if _is_idle_reorder(d)]
    if options.record and not settled and not (relevant or left_out):
        left_out.append(IgnoredDifference(str(obj.id), "", NOBODYS))
    return ObjectComparison(tuple(relevant), options, settled, live, tuple(left_out))


def _left_out(obj: Object, live: Live, difference: Difference, reason: str) -> IgnoredDifference:
    return IgnoredDifference(
        str(obj.id), format_path(difference.pair.there, live), reason, str(difference.writer or "")
    )


def _ownership(pair: FieldPair, differences: Iterator[Difference], *, expected: bool) -> Iterator[Difference]:
    """If no fields are recorded as ours any longer, report this once instead of for each field.

    Objects that we did not create (never applied, or recreated by others) are not `expected` to be ours.
    """
    if any(claim.ours for claim in pair.claims):
        yield from differences
        return
    if expected:
        yield Difference(FindingKind.OWNERSHIP_LOST, pair, latest(pair.claims))
    yield from (d for d in differences if d.kind is not FindingKind.OWNERSHIP_LOST)


def _additions(
    pair: FieldPair, obj: Object, left_out: list[IgnoredDifference], options: CompareOptions, distribution: str
) -> Iterator[Difference]:
    live, ours = pair.have, any(claim.ours for claim in pair.claims)
    for difference in additions(pair) if pair.claims else unowned_additions(pair, options):
        there, have = difference.pair.there, difference.pair.have
        if owned_by_us(difference.pair.claims):
            yield _not_taken_back(difference)
            continue
        if is_default(there, have, options.shape, live):
            reason: str | None = DEFAULT_VALUE
        elif not ours and _LAST_APPLIED in there:
            reason = "the annotation that kubectl adds to objects it created"
        else:
            reason = why_expected(obj.id, there, have, difference.writer, live, distribution)
        if reason:
            left_out.append(_left_out(obj, live, difference, reason))
        else:
            yield difference


def _not_taken_back(difference: Difference) -> Difference:
    """A field that we own but do not declare: the next apply removes it, or leaves it to its other owners."""
    is_shared = bool(foreign(difference.pair.claims))
    return difference if is_shared else replace(difference, kind=FindingKind.MODIFIED)


def _is_idle_reorder(difference: Difference) -> bool:
    return difference.kind is FindingKind.REORDERED and not difference.sure
