"""The effects of a change on nodes, determined from fields: driver replacements, runtime restarts, repartitioned GPUs,
evicted pods.

The effects are defined in the `effects.yaml` of components and reported as diagnostics, so that every report format
includes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from blueprint.bundle.model import BundlePool, Object
from blueprint.catalog.component_files.effects import Effect, load_effects
from blueprint.changes import codes
from blueprint.changes.change import ChangedObject
from blueprint.changes.compare import Action, FieldChange
from blueprint.changes.installer_effects import installer_effects
from blueprint.changes.network_effects import NetworkRollouts, network_driver
from blueprint.changes.place_effects import PlaceChange, place_effects
from blueprint.changes.provisioned_effects import DriftingFields, drifted_nodes, removed_nodes
from blueprint.changes.rollout import Rollout, Rollouts
from blueprint.changes.upgrade_paths import unsupported_upgrades
from blueprint.diagnostics import Code, Diagnostic, Note
from blueprint.records import Record
from blueprint.source.paths import format_path
from blueprint.wording import joined

_WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")
_CODES: Mapping[str, tuple[Code, str]] = {
    "driver-restart": (codes.DRIVER_RESTART, "the driver's pods restart, but the driver stays loaded"),
    "runtime": (codes.RUNTIME_RESTART, "the container runtime restarts"),
    "allocation": (codes.ALLOCATION_PAUSE, "the device plugin restarts"),
    "claims": (codes.ALLOCATION_PAUSE, "the DRA driver restarts on all nodes at once"),
    "operands": (codes.PODS_REPLACED, "operands are replaced"),
}


_NODES = ("nodes", "unfit-nodes")
HAPPENS: Mapping[str, str] = {
    "driver": "the driver of the nodes",
    "driver-restart": "the driver's pods",
    "runtime": "the container runtime of the nodes",
    "allocation": "the device plugin",
    "claims": "the DRA driver",
    "operands": "operands",
    "network-driver": "the network driver of the nodes",
    "nodes": "the nodes themselves, which Karpenter replaces",
    "unfit-nodes": "nodes that no longer fit, which Karpenter replaces",
}
"""A description of each effect, by name: which programs restart."""


class EffectMatch(Record):
    """Changed fields of one object that match an entry of the table."""

    changed: ChangedObject
    effect: Effect
    fields: tuple[FieldChange, ...]


def find_effects(
    changed: Sequence[ChangedObject],
    after: Iterable[Object],
    pools: Sequence[BundlePool],
    places: Sequence[PlaceChange] = (),
) -> list[Diagnostic]:
    """The effects of the changes on the nodes of `pools`, and changes that vendors do not support.

    Args:
        changed: The objects that change, with both states.
        after: All objects after the change, including upgrade policies.
        pools: The pools after the change.
        places: Changed labels and taints of nodes.
    """
    objects = [obj.data for obj in {obj.id: obj for obj in after}.values()]
    rollouts, network = Rollouts(objects, pools), NetworkRollouts(objects, pools)
    found: list[Diagnostic] = []
    drifting: list[DriftingFields] = []
    for table in load_effects():
        found += unsupported_upgrades(changed, table, pools)
        for hit in _merged(hit for one in changed for hit in _hits(one, table.effects)):
            happens, source = hit.effect.happens, hit.effect.source
            if happens == "network-driver":
                found.append(network_driver(hit.changed, hit.fields, source, network))
            elif happens in _NODES:
                drifting.append(DriftingFields(hit.changed, hit.fields, happens == "unfit-nodes", source))
            else:
                found += _diagnostics(hit, rollouts.rollout(hit.changed))
    installers = [each for table in load_effects() for each in table.installers]
    found += installer_effects(changed, installers, pools)
    found += drifted_nodes(drifting, objects, pools)
    found += [diagnostic for one in changed for diagnostic in removed_nodes(one)]
    found += place_effects(places, [effect for table in load_effects() for effect in table.effects])
    return [*found, *(diagnostic for one in changed for diagnostic in _workload(one))]


def _hits(one: ChangedObject, effects: Sequence[Effect]) -> Iterator[EffectMatch]:
    if one.before is None or one.after is None:
        return
    for effect in effects:
        if effect.kind == one.change.id.kind:
            fields = tuple(f for f in one.change.fields if any(_touches(one, f, at) for at in effect.fields))
            if fields:
                yield EffectMatch(one, effect, fields)


def _merged(hits: Iterable[EffectMatch]) -> list[EffectMatch]:
    """One match for each effect on an object, even if it occurs in several entries of the table."""
    merged: dict[tuple[object, str], EffectMatch] = {}
    for hit in hits:
        key = (hit.changed.change.id, hit.effect.happens)
        known = merged.get(key)
        merged[key] = EffectMatch(hit.changed, hit.effect, (*known.fields, *hit.fields)) if known else hit
    whole = {identity for identity, happens in merged if happens == "driver"}
    return [hit for (identity, happens), hit in merged.items() if happens != "driver-restart" or identity not in whole]


def _touches(one: ChangedObject, field: FieldChange, at: str) -> bool:
    name = format_path(field.path)
    under = name == at or name.startswith((f"{at}.", f"{at}["))
    return (under or at.startswith(f"{name}.")) and not _is_off(one, at) and not _is_elsewhere(one, at)


def _is_off(one: ChangedObject, at: str) -> bool:
    """Whether a section around the field is disabled before and after, so that nothing is affected."""
    steps = at.split(".")
    for length in range(1, len(steps) + 1):
        section = ".".join(steps[:length]) + ".enabled"
        if section != at and one.value(section, "before") is False and one.value(section) is False:
            return True
    return False


def _is_elsewhere(one: ChangedObject, at: str) -> bool:
    """Whether other objects determine the driver, so that these fields have no effect."""
    crd = "spec.driver.useNvidiaDriverCRD"
    return at.startswith("spec.driver.") and at != crd and bool(one.value(crd, "before") and one.value(crd))


def _diagnostics(hit: EffectMatch, rollout: Rollout) -> Iterator[Diagnostic]:
    if not rollout.pools:
        return
    if hit.effect.happens == "driver":
        yield _driver(hit, rollout)
        return
    code, words = _CODES[hit.effect.happens]
    parts = dict.fromkeys(_part(field) for field in hit.fields)
    message = f"{words} on {rollout.where} ({', '.join(parts)})"
    yield _diagnostic(hit, code, message, (Note(rollout.operands), Note(hit.effect.source)))


def _driver(hit: EffectMatch, rollout: Rollout) -> Diagnostic:
    versions = next((f for f in hit.fields if format_path(f.path).endswith("version")), None)
    what = f"driver {versions.before} -> {versions.after}" if versions else f"driver ({_names(hit)})"
    if not rollout.automatic:
        message = f"{what} is not rolled out on {rollout.where}, because autoUpgrade is disabled"
        note = Note("delete the driver's pods yourself, node by node, with no GPU pod on the node")
        return _diagnostic(hit, codes.DRIVER_HELD_BACK, message, (note, Note(hit.effect.source)))
    if hit.changed.change.action is Action.REPLACE:
        message = (
            f"{what} is removed from all nodes of {rollout.where} at once, then reinstalled, so all GPU pods there fail"
        )
        return _diagnostic(hit, codes.DRIVER_ROLLOUT, message, (Note(hit.effect.source),))
    message = f"{what} is rolled out node by node on {rollout.where}, which deletes the GPU pods there"
    notes = (*(Note(text) for text in rollout.notes()), Note(hit.effect.source))
    return _diagnostic(hit, codes.DRIVER_ROLLOUT, message, notes, rollout.evidence())


def _diagnostic(
    hit: EffectMatch, code: Code, message: str, notes: tuple[Note, ...], evidence: tuple[tuple[str, str], ...] = ()
) -> Diagnostic:
    field = hit.fields[0]
    return Diagnostic(
        code, message, at=hit.changed.place(field.path), notes=notes, subject=str(hit.changed.change.id),
        path=field.shown, evidence=evidence,
    )  # fmt: skip


def _names(hit: EffectMatch) -> str:
    return ", ".join(dict.fromkeys(field.shown for field in hit.fields))


def _part(field: FieldChange) -> str:
    """`dcgmExporter` of `spec.dcgmExporter.version`."""
    steps = [str(step) for step in field.path]
    return steps[1] if len(steps) > 1 else steps[0]


def _fields(fields: Sequence[FieldChange]) -> str:
    """The first two changed fields of a template; those of containers before labels, which change with every
    version.
    """
    inner = sorted(fields, key=lambda field: field.path[2:3] == ("metadata",))
    names = list(dict.fromkeys(field.shown.removeprefix("spec.template.") for field in inner))
    more = [f"{len(names) - 2} more"] if len(names) > 2 else []  # noqa: PLR2004 - see above
    return joined([*names[:2], *more])


def _workload(one: ChangedObject) -> Iterator[Diagnostic]:
    """A workload in the bundle whose pod template changes."""
    fields = [f for f in one.change.fields if f.path[:2] == ("spec", "template")]
    if one.change.id.kind not in _WORKLOADS or not fields or one.before is None:
        return
    names = _fields(fields)
    if one.value("spec.updateStrategy.type") == "OnDelete":
        how = "are replaced only when someone deletes them (OnDelete)"
    else:
        most = one.value("spec.updateStrategy.rollingUpdate.maxUnavailable") or "1"
        how = f"are replaced, {most} at a time" if one.change.id.kind == "DaemonSet" else "are replaced, one by one"
    yield Diagnostic(
        codes.PODS_REPLACED, f"pods of {one.change.id} {how}: {names}", at=one.place(fields[0].path),
        subject=str(one.change.id), path=fields[0].shown,
    )  # fmt: skip
