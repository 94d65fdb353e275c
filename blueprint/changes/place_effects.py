"""Effects of changed node labels and taints on pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from blueprint.bundle.model import BundlePool, Taint
from blueprint.catalog.component_files.effects import Effect
from blueprint.changes import codes
from blueprint.diagnostics import Code, Diagnostic, Note, Span
from blueprint.records import Record
from blueprint.wording import joined

_WORDING: Mapping[str, tuple[Code, str]] = {
    "mig": (codes.MIG_CHANGE, "GPUs are repartitioned"),
    "allocation": (codes.ALLOCATION_PAUSE, "the device plugin restarts with a new configuration"),
    "runtime": (codes.RUNTIME_RESTART, "Kata is installed or removed, and the container runtime restarts"),
    "confidential": (codes.CONFIDENTIAL_CHANGE, "GPUs are reset to change their confidential mode"),
    "operands": (codes.PODS_REPLACED, "operands are added or removed"),
}
_RESETS = ("mig", "confidential")
_REBOOT = "drain the node first: no pod may use its GPUs meanwhile"


class PlaceChange(Record):
    """The nodes of a pool, or one node, whose labels or taints change.

    `labels` contains the old and the new value, or None. `places` contains the deciding lines, by `labels.KEY` or
    `taints.KEY:EFFECT`.
    """

    who: str
    labels: Mapping[str, tuple[str | None, str | None]]
    added: tuple[Taint, ...]
    removed: tuple[Taint, ...]
    places: Mapping[str, Span]


def pool_changes(before: Sequence[BundlePool], after: Sequence[BundlePool]) -> list[PlaceChange]:
    """Pools on both sides whose nodes get other labels or taints. Karpenter's nodes are omitted, because it replaces
    them.
    """
    old = {pool.name: pool for pool in before if not pool.provisioned}
    found = [_between(old[pool.name], pool) for pool in after if pool.name in old]
    return [change for change in found if change.labels or change.added or change.removed]


def _between(old: BundlePool, new: BundlePool) -> PlaceChange:
    keys = sorted({*old.labels, *new.labels})
    labels = {key: (old.labels.get(key), new.labels.get(key)) for key in keys}
    return PlaceChange(
        f"the nodes of pool {new.name}",
        {key: pair for key, pair in labels.items() if pair[0] != pair[1]},
        tuple(taint for taint in new.taints if taint not in old.taints),
        tuple(taint for taint in old.taints if taint not in new.taints),
        {key: span for key in new.sources if (span := new.span(key))},
    )


def place_effects(changes: Sequence[PlaceChange], effects: Sequence[Effect]) -> Iterator[Diagnostic]:
    """The effects of each change: first labels in a component's table, then all other labels, then taints."""
    known = {field: effect for effect in effects if effect.kind == "Node" for field in effect.fields}
    for change in changes:
        plain = []
        for key, (old, new) in change.labels.items():
            effect = known.get(f'metadata.labels["{key}"]')
            if effect is None:
                plain.append(key)
                continue
            code, words = _WORDING[effect.happens]
            message = f"{words} on {change.who}: {key} {old or '(none)'} -> {new or '(none)'}"
            notes = (*((Note(_REBOOT),) if effect.happens in _RESETS else ()), Note(effect.source))
            yield _about(change, code, message, f"labels.{key}", notes)
        yield from _taints(change, plain)


def _taints(change: PlaceChange, labels: Sequence[str]) -> Iterator[Diagnostic]:
    for taint in change.added:
        if taint.effect == "NoExecute":
            message = f"pods on {change.who} that do not tolerate {taint.key}:NoExecute are evicted"
            yield _about(change, codes.TAINT_EVICTS, message, f"taints.{taint.key}:{taint.effect}", ())
    others = [f"{t.key}:{t.effect}" for t in (*change.added, *change.removed) if t.effect != "NoExecute"]
    others += [f"{taint.key}:NoExecute" for taint in change.removed if taint.effect == "NoExecute"]
    if named := [*labels, *dict.fromkeys(others)]:
        message = f"labels or taints of {change.who} change, but running pods stay: {joined(named)}"
        yield _about(change, codes.PLACEMENT_CHANGES, message, f"labels.{labels[0]}" if labels else "", ())


def _about(change: PlaceChange, code: Code, message: str, place: str, notes: tuple[Note, ...]) -> Diagnostic:
    return Diagnostic(code, message, at=change.places.get(place), notes=notes)
