"""Effects of adding, changing or removing installers: DaemonSets that install a runtime on nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blueprint.bundle.model import BundlePool
from blueprint.catalog.component_files.effects import Installer
from blueprint.changes import codes
from blueprint.changes.change import ChangedObject
from blueprint.diagnostics import Diagnostic, Note
from blueprint.wording import counted, joined


def installer_effects(
    changed: Sequence[ChangedObject], installers: Sequence[Installer], pools: Sequence[BundlePool]
) -> Iterator[Diagnostic]:
    """Restarts of the container runtime. `pools` are the pools after the change."""
    known = {installer.object: installer for installer in installers}
    for one in changed:
        installer = known.get(f"{one.change.id.kind}/{one.change.id.name}")
        if installer is not None and (how := _how(one)):
            where = _where(installer, pools)
            message = f"{installer.what} {how} on {where}: the container runtime of each node restarts"
            notes = (*map(Note, installer.notes), Note(installer.source))
            at = one.origin.place if one.origin else None
            yield Diagnostic(codes.RUNTIME_RESTART, message, at=at, notes=notes, subject=str(one.change.id))


def _how(one: ChangedObject) -> str | None:
    if one.before is None:
        return "is installed"
    if one.after is None:
        return "is removed"
    if not any(field.path[:2] == ("spec", "template") for field in one.change.fields):
        return None
    if one.value("spec.updateStrategy.type") == "OnDelete":
        return "is reinstalled when its pods are deleted (OnDelete)"
    most = one.value("spec.updateStrategy.rollingUpdate.maxUnavailable") or "1"
    return f"is reinstalled, {most} at a time,"


def _where(installer: Installer, pools: Sequence[BundlePool]) -> str:
    named = [f"{pool.name} ({counted(pool.nodes_max, 'node')})" for pool in pools if installer.label in pool.labels]
    return f"pool{'s' * (len(named) != 1)} {joined(named)}" if named else f"all nodes with the label {installer.label}"
