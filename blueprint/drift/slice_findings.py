"""Findings about the slices of one node: unexpected devices, missing devices, and different values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.bundle.model import BundlePool
from blueprint.changes.compare import ABSENT
from blueprint.diagnostics import Code, Note
from blueprint.drift import slice_codes as codes
from blueprint.drift.device_matching import DeviceMatcher, MatchedDevices
from blueprint.drift.device_values import (
    Deviation,
    KnownGood,
    consumption,
    deviations,
    known_good,
    shared_counters,
)
from blueprint.drift.live_slices import LiveDevice, NodeSlices, driver_of, node_of
from blueprint.drift.model import Finding, FindingKind, FoundIn, Remedy, facts
from blueprint.drift.node_facts import writer_of
from blueprint.drift.view import Live
from blueprint.platform.dra.published import CounterSets, DeviceGroup, DevicePlace, Publication
from blueprint.records import Record
from blueprint.wording import counted, first_few

_MOST_NAMED = 4
_LOOK = "check the driver's pod on the node, and the GPUs with `blueprint probe` there"
_WITHOUT_EFFECT = "None"
DEVICES = ("spec", "devices")
"""The path of the devices: the whole list has one writer."""


class ComparedNode(Record):
    """The context of findings: the node, its pool, and our field manager.

    `simulated` nodes lack the values that only real ones have, which is not a finding.
    """

    node: str
    pool: BundlePool
    us: str
    simulated: bool = False


class PoolComparison:
    """Compares one prediction with the slices of many nodes."""

    def __init__(self, publication: Publication) -> None:
        self.publication = publication
        self._matcher = DeviceMatcher(publication)
        self._known_good: dict[tuple[str, DevicePlace], KnownGood] = {}

    def compare(self, place: ComparedNode, live: NodeSlices) -> Iterator[Finding]:
        """All differences from the prediction on one node."""
        yield from _pools(place, live)
        if len(live.slices) < live.count:
            return  # devices that are not published yet are not missing
        match = self._matcher.match(live.devices)
        yield from self._unmatched(place, live, match)
        yield from _taints(place, live, self.publication)
        yield from self._values(place, match)
        if sets := self.publication.counter_sets:
            yield from _counters(place, live, sets)

    def _unmatched(self, place: ComparedNode, live: NodeSlices, match: MatchedDevices) -> Iterator[Finding]:
        """Extra and missing devices. Devices that could not be predicted contradict nothing."""
        extra = [device for device in match.extra if not (self.publication.unknown and device.text("type") == "mig")]
        for kind, devices in _by_kind(extra).items():
            those = _named([device.name for device in devices])
            statement = f"publishes {those} ({kind}), which the blueprint does not predict"
            yield _finding(
                place, codes.DEVICE_NOT_PREDICTED, FindingKind.FOREIGN_ADDITION, devices[0].slice, statement,
                path=f"spec.devices[name={devices[0].name}]", live=devices[0].name,
            )  # fmt: skip
        missing: dict[str, list[str]] = defaultdict(list)
        for group, at in match.missing:
            missing[group.profile or group.sort].append(group.name_at(at))
        for kind, names in missing.items():
            statement = f"lacks {_named(names)} ({kind}), which the blueprint predicts"
            yield _finding(
                place, codes.DEVICE_MISSING, FindingKind.MISSING, live.slices[0], statement,
                path=f"spec.devices[name={names[0]}]", declared=names[0],
            )  # fmt: skip

    def _values(self, place: ComparedNode, match: MatchedDevices) -> Iterator[Finding]:
        """Values, one finding for all devices of a node with the same deviation."""
        found: dict[tuple[Any, ...], list[tuple[LiveDevice, Deviation]]] = defaultdict(list)
        for device, group, at in match.pairs:
            for each in self._deviations(device, group, at):
                if each.unknown and place.simulated:
                    continue
                found[each.path, str(each.live), str(each.wanted), each.certain].append((device, each))
        for alike in found.values():
            yield _deviation(place, [device for device, _ in alike], alike[0][1])

    def _deviations(self, device: LiveDevice, group: DeviceGroup, at: DevicePlace) -> list[Deviation]:
        """The deviations of one device: none if it equals an earlier one without deviations, except for values unique
        to a node.
        """
        key = (group.name, at)
        good = self._known_good.get(key)
        if good is not None and good.equals(device.data):
            return []
        different = [*deviations(device.data, group, at)]
        if sets := self.publication.counter_sets:
            different += consumption(device.data, group, at, sets)
        if not different:
            self._known_good[key] = known_good(device.data, group)
        return different


def missing_slices(place: ComparedNode, node: Live, publication: Publication) -> Finding:
    """A node without slices, although the driver's pods are ready."""
    count = counted(publication.count, "device")
    return Finding(
        FindingKind.MISSING,
        f"Node/{place.node}",
        origin=place.pool.origin("slices", "gpu", "selector"),
        found_in=FoundIn.NODE,
        seen=(("pool", place.pool.name), ("driver", publication.driver), *facts(node)),
        code=codes.SLICES_MISSING,
        statement=f"has no ResourceSlice of {publication.driver}, but the blueprint predicts {count}",
        help=_LOOK,
        ended_by=Remedy.REPAIR,
    )


def unexpected(live: Live, code: Code, statement: str, help_: str, us: str, pool: BundlePool | None = None) -> Finding:
    """A slice that should not exist."""
    return Finding(
        FindingKind.FOREIGN_ADDITION,
        _subject(live),
        live=node_of(live),
        writer=writer_of(live, DEVICES, us),
        origin=pool.origin("resources", "gpu", "selector") if pool else None,
        seen=_seen(live, pool),
        code=code,
        statement=statement,
        help=help_,
        ended_by=Remedy.REMOVE,
    )


def _subject(live: Live) -> str:
    return f"ResourceSlice/{live['metadata']['name']}"


def _seen(live: Live, pool: BundlePool | None) -> tuple[tuple[str, str], ...]:
    where = (("pool", pool.name),) if pool else ()
    return (*where, ("driver", driver_of(live)), ("node", node_of(live)), *facts(live))


def _finding(  # noqa: PLR0913 - what a finding has
    place: ComparedNode,
    code: Code,
    kind: FindingKind,
    holder: Live,
    statement: str,
    *,
    path: str = "",
    declared: Any = ABSENT,
    live: Any = ABSENT,
    help_: str = _LOOK,
    ended_by: Remedy = Remedy.REPAIR,
    passing: bool = False,
) -> Finding:
    """A finding at the slice that it concerns."""
    return Finding(
        kind,
        _subject(holder),
        path,
        declared,
        live,
        writer_of(holder, DEVICES, place.us),
        place.pool.origin("slices", "gpu", "selector"),
        seen=_seen(holder, place.pool),
        remarks=(Note(f"published by {driver_of(holder)} for node {place.node} of pool {place.pool.name}"),),
        code=code,
        statement=statement,
        help=help_,
        ended_by=ended_by,
        passing=passing,
    )


def _pools(place: ComparedNode, live: NodeSlices) -> Iterator[Finding]:
    """Slices that do not form one complete pool named after the node."""
    if others := [name for name in live.pools if name != place.node]:
        statement = f"forms pool {', '.join(others)}, not a pool named after node {place.node}"
        yield _incomplete(place, live.slices[0], statement, "spec.pool.name")
    if live.older:
        statement = (
            f"is one of {len(live.older) + len(live.slices)} slices that have different generations of their pool"
        )
        yield _incomplete(place, live.older[0], statement, "spec.pool.generation")
    if (there := len(live.slices)) != live.count:
        statement = f"is one of {there} slices of its pool, which declares {live.count}"
        yield _incomplete(place, live.slices[0], statement, "spec.pool.resourceSliceCount")


def _incomplete(place: ComparedNode, live: Live, statement: str, path: str) -> Finding:
    help_ = "wait until the driver has published all slices; otherwise restart its pod on the node"
    kind, code = FindingKind.IN_TRANSITION, codes.SLICES_INCOMPLETE
    return _finding(place, code, kind, live, statement, path=path, help_=help_, ended_by=Remedy.WAIT)


def _by_kind(devices: Sequence[LiveDevice]) -> dict[str, list[LiveDevice]]:
    found: dict[str, list[LiveDevice]] = defaultdict(list)
    for device in devices:
        found[device.text("profile") or device.text("type") or "of no type"].append(device)
    return found


def _named(names: Sequence[str]) -> str:
    return f"{counted(len(names), 'device')}: {first_few(sorted(names), _MOST_NAMED)}"


def _deviation(place: ComparedNode, devices: Sequence[LiveDevice], different: Deviation) -> Finding:
    wanted, have = different.wanted, different.live
    name = different.path.partition(".")[2] or different.path
    of = f"of {_named([device.name for device in devices])}"
    if have is ABSENT:
        kind, statement = FindingKind.REMOVED, f"publishes no {name} {of}, but the blueprint predicts {wanted}"
    elif wanted is ABSENT:
        kind, statement = (
            FindingKind.FOREIGN_ADDITION,
            f"publishes {name} {have} {of}, which the blueprint does not predict",
        )
    else:
        kind, statement = FindingKind.MODIFIED, f"publishes {name} {have} {of}, but the blueprint predicts {wanted}"
    code = codes.DEVICE_VALUE if different.certain else codes.DEVICE_VALUE_UNVERIFIED
    path = f"spec.devices[name={devices[0].name}].{different.path}"
    return _finding(
        place, code, kind, devices[0].slice, statement,
        path=path, declared=wanted, live=have, passing=not different.certain,
    )  # fmt: skip


def _taints(place: ComparedNode, live: NodeSlices, publication: Publication) -> Iterator[Finding]:
    for device in live.devices.values():
        for taint in device.data.get("taints") or ():
            yield _taint(place, device, taint, publication)


def _taint(place: ComparedNode, device: LiveDevice, taint: Mapping[str, Any], publication: Publication) -> Finding:
    key, value, effect = (str(taint.get(each, "")) for each in ("key", "value", "effect"))
    whose = "" if key in publication.taints else ", which is not a taint of its driver"
    statement = f"taints {device.name} with {key}{'=' if value else ''}{value}:{effect}{whose}"
    harmless = effect == _WITHOUT_EFFECT
    help_ = "repair or replace the GPU, then restart the driver's pod on the node: only that removes its taints"
    return _finding(
        place, codes.DEVICE_REMARK if harmless else codes.DEVICE_TAINTED, FindingKind.FAILED, device.slice, statement,
        path=f"spec.devices[name={device.name}].taints", live=f"{key}:{effect}", help_=help_, passing=harmless,
    )  # fmt: skip


def _counters(place: ComparedNode, live: NodeSlices, sets: CounterSets) -> Iterator[Finding]:
    found = live.counter_sets
    wanted = {sets.name.replace("{gpu}", str(gpu)) for gpu in sets.gpus}
    holder = live.slices[0]
    for name in sorted(wanted - found.keys()):
        statement = f"lacks the counters {name}, which the blueprint predicts"
        yield _finding(place, codes.DEVICE_MISSING, FindingKind.MISSING, holder, statement, declared=name)
    for name in sorted(found.keys() - wanted):
        statement = f"publishes the counters {name}, which the blueprint does not predict"
        yield _finding(place, codes.DEVICE_NOT_PREDICTED, FindingKind.FOREIGN_ADDITION, holder, statement, live=name)
    for name in sorted(wanted & found.keys()):
        for each in shared_counters(found[name], sets):
            if each.unknown and place.simulated:
                continue
            code = codes.DEVICE_VALUE if each.certain else codes.DEVICE_VALUE_UNVERIFIED
            statement = f"publishes {each.path} {each.live} of {name}, but the blueprint predicts {each.wanted}"
            yield _finding(
                place, code, FindingKind.MODIFIED, holder, statement,
                declared=each.wanted, live=each.live, passing=not each.certain,
            )  # fmt: skip
