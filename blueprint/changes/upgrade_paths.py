"""Changes between versions that a component's vendor does not support."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from blueprint.bundle.model import BundlePool
from blueprint.catalog.component_files.effects import Effects, Majors
from blueprint.changes import codes
from blueprint.changes.allocators import moved_pools
from blueprint.changes.change import ChangedObject
from blueprint.changes.compare import Action
from blueprint.diagnostics import Diagnostic, Note
from blueprint.source.paths import format_path

VERSION = ("metadata", "labels", "app.kubernetes.io/version")
UNSUPPORTED = (codes.MAJOR_SKIPPED, codes.STACK_CHANGE)
"""Codes for which `apply` refuses to run."""


def unsupported_upgrades(
    changed: Sequence[ChangedObject], effects: Effects, pools: Sequence[BundlePool]
) -> Iterator[Diagnostic]:
    """Diagnostics about upgrades that a component's vendor does not support."""
    versions = _versions(changed, effects.component)
    majors = effects.majors
    crossed = {(majors.of(old), majors.of(new)) for old, new in versions} if majors else set()
    if majors:
        for old, new in versions:
            yield from _skipped(effects.component, majors, old, new, versions[old, new])
    replaced = list(_exclusive(changed, effects))
    yield from replaced
    if effects.exclusive and not replaced:
        yield from moved_pools(changed, effects.exclusive, pools)
    yield from _handover(changed, effects, crossed)


def _versions(changed: Sequence[ChangedObject], component: str) -> Mapping[tuple[str, str], ChangedObject]:
    """All changes of the component's version, each with an object that shows it."""
    return {
        (str(field.before), str(field.after)): one
        for one in changed
        if one.component == component
        for field in one.change.fields
        if field.path == VERSION and field.before and field.after
    }


def _skipped(name: str, majors: Majors, old: str, new: str, one: ChangedObject) -> Iterator[Diagnostic]:
    before, after = majors.of(old), majors.of(new)
    if before is None or after is None:
        return
    step = majors.names.index(after) - majors.names.index(before)
    if step in (0, 1):
        return
    way = "goes back from" if step < 0 else "skips from"
    help_ = (
        f"upgrade in steps: {' -> '.join(majors.names[majors.names.index(before) : majors.names.index(after) + 1])}"
        * (step > 1)
    )
    yield Diagnostic(
        codes.MAJOR_SKIPPED, f"{name} {way} {old} to {new}", at=one.place(VERSION),
        notes=(Note(majors.source),), help=help_ or "keep the current configuration, or create a new cluster",
        subject=str(one.change.id),
        path=format_path(VERSION),
    )  # fmt: skip


def _exclusive(changed: Sequence[ChangedObject], effects: Effects) -> Iterator[Diagnostic]:
    if (rule := effects.exclusive) is None:
        return
    ours = [(key, one) for one in changed if (key := rule.key(one.change.id.kind, one.change.id.name))]
    come = [(key, one) for key, one in ours if one.change.action is Action.CREATE]
    gone = [(key, one) for key, one in ours if one.change.action is Action.DELETE]
    for kind, new in come:
        for old in (one for key, one in gone if key != kind):
            yield Diagnostic(
                codes.STACK_CHANGE, f"{new.change.id} replaces {old.change.id}", at=new.place(()),
                notes=(Note(rule.source),), help="drain the nodes, remove the old stack, then apply the new one",
                subject=str(new.change.id),
            )  # fmt: skip


def _handover(
    changed: Sequence[ChangedObject], effects: Effects, crossed: set[tuple[str | None, str | None]]
) -> Iterator[Diagnostic]:
    rule, majors = effects.handover, effects.majors
    if rule is None or majors is None or not any(_crosses(majors, rule.since, pair) for pair in crossed):
        return
    for one in changed:
        for field in one.change.fields:
            if one.change.id.kind == rule.kind and format_path(field.path) == rule.field:
                message = (
                    f"{one.change.id} changes the owner of the drivers in the same step as the upgrade to {rule.since}"
                )
                yield Diagnostic(
                    codes.HANDOVER_WITH_UPGRADE, message, at=one.place(field.path), notes=(Note(rule.source),),
                    help="upgrade first, and change the owner afterwards", subject=str(one.change.id), path=rule.field,
                )  # fmt: skip


def _crosses(majors: Majors, since: str, pair: tuple[str | None, str | None]) -> bool:
    before, after = pair
    if before is None or after is None:
        return False
    at = majors.names.index(since)
    return majors.names.index(before) < at <= majors.names.index(after)
