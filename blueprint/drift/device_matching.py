"""Matches published devices with predicted ones.

Minor numbers of GPUs are known only when a node exists. A GPU with the predicted devices therefore matches a predicted
one, whatever its number. Instances with arbitrary placement are matched by profile.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache

from blueprint.drift.live_slices import Devices, LiveDevice
from blueprint.platform.dra.published import DeviceGroup, DevicePlace, Publication
from blueprint.records import Record

Kind = tuple[str, str]
"""The type and profile of a device."""
_PATTERNS = {r"\{gpu\}": r"(?P<gpu>\d+)", r"\{start\}": r"(?P<start>\d+)", r"\{id\}": r"\d+"}


class MatchedDevices(Record):
    """The matches for the devices of one node.

    Attributes:
        pairs: Published devices, each with its group and its place.
        missing: Predicted devices that are not published.
        extra: Published devices that were not predicted.
    """

    pairs: tuple[tuple[LiveDevice, DeviceGroup, DevicePlace], ...]
    missing: tuple[tuple[DeviceGroup, DevicePlace], ...] = ()
    extra: tuple[LiveDevice, ...] = ()


class DeviceMatcher:
    """Matches the devices of many nodes with one prediction."""

    def __init__(self, publication: Publication) -> None:
        self._publication = publication

    @cached_property
    def _expected(self) -> Mapping[str, tuple[DeviceGroup, DevicePlace]]:
        groups = self._publication.groups
        places = ((group, place) for group in groups for gpu in group.gpus for place in group.places(gpu))
        return {group.name_at(place): (group, place) for group, place in places}

    def match(self, live: Devices) -> MatchedDevices:
        """Match the devices of one node."""
        if live.keys() == self._expected.keys():
            return MatchedDevices(tuple((live[name], *expected) for name, expected in self._expected.items()))
        return self._by_gpu(live)

    def _by_gpu(self, live: Devices) -> MatchedDevices:
        """Match by GPU: first those with the same devices, the others by number."""
        found, unknown = self._sorted(live)
        wanted = self._wanted
        partner = dict(_partners({gpu: _kinds(found[gpu]) for gpu in found}, {g: _kinds(wanted[g]) for g in wanted}))
        pairs, missing, extra = [], [], list(unknown)
        for gpu, groups in wanted.items():
            there = list(found.pop(partner[gpu], ())) if gpu in partner else []
            paired, lacking, rest = _one_gpu(groups, there, partner.get(gpu, gpu))
            pairs += paired
            missing += lacking
            extra += rest
        extra += [device for devices in found.values() for _, _, device in devices]
        return MatchedDevices(tuple(pairs), tuple(missing), tuple(extra))

    @cached_property
    def _wanted(self) -> dict[int, list[tuple[Kind, DeviceGroup, DevicePlace]]]:
        found: dict[int, list[tuple[Kind, DeviceGroup, DevicePlace]]] = defaultdict(list)
        for group in self._publication.groups:
            for gpu in group.gpus:
                found[gpu] += [((group.sort, group.profile), group, place) for place in group.places(gpu)]
        return dict(sorted(found.items()))

    def _sorted(self, live: Devices) -> tuple[dict[int, list[tuple[Kind, int, LiveDevice]]], list[LiveDevice]]:
        """Published devices by the minor number of their GPU, with type, profile and start; and those without a
        number.
        """
        found: dict[int, list[tuple[Kind, int, LiveDevice]]] = defaultdict(list)
        unknown = []
        for device in live.values():
            sort, profile = device.text("type"), device.text("profile")
            place = next(filter(None, (_place(pattern, device.name) for pattern in self._patterns(sort))), None)
            if place is None:
                unknown.append(device)
            else:
                found[place.gpu].append(((sort, profile), place.start, device))
        return found, unknown

    def _patterns(self, sort: str) -> Iterator[str]:
        """The name patterns of a type: as predicted, and for instances of any profile."""
        for group in self._publication.groups:
            if group.sort == sort:
                yield group.name
        whole = next((group.name for group in self._publication.groups if group.sort == "gpu"), "gpu-{gpu}")
        yield f"{whole}-{sort}-*-{{start}}"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\*", ".+")
    for key, inner in _PATTERNS.items():
        text = text.replace(key, inner)
    return re.compile(text)


def _place(pattern: str, name: str) -> DevicePlace | None:
    found = _compiled(pattern).fullmatch(name)
    if found is None:
        return None
    numbers = {key: int(text) for key, text in found.groupdict().items()}
    return DevicePlace(numbers.get("gpu", 0), numbers.get("start", 0))


def _kinds(devices: list[tuple[Kind, DeviceGroup, DevicePlace]] | list[tuple[Kind, int, LiveDevice]]) -> Counter[Kind]:
    return Counter(kind for kind, *_ in devices)


def _partners(there: dict[int, Counter[Kind]], wanted: dict[int, Counter[Kind]]) -> Iterator[tuple[int, int]]:
    """Pairs of published and predicted GPUs."""
    free, open_ = dict(there), dict(wanted)
    for gpu in [gpu for gpu in open_ if free.get(gpu) == open_[gpu]]:
        del free[gpu], open_[gpu]
        yield gpu, gpu
    for gpu, kinds in list(open_.items()):
        if (like := next((minor for minor, found in free.items() if found == kinds), None)) is not None:
            del free[like], open_[gpu]
            yield gpu, like
    for gpu in [gpu for gpu in open_ if gpu in free]:
        del free[gpu], open_[gpu]
        yield gpu, gpu


def _one_gpu(
    wanted: list[tuple[Kind, DeviceGroup, DevicePlace]], there: list[tuple[Kind, int, LiveDevice]], minor: int
) -> tuple[list[tuple[LiveDevice, DeviceGroup, DevicePlace]], list[tuple[DeviceGroup, DevicePlace]], list[LiveDevice]]:
    """Match the devices of one GPU. If a GPU has several possible forms, one is sufficient."""
    pairs, missing = [], []
    for kind, group, place in wanted:
        fitting = (each for each in there if each[0] == kind and (group.elsewhere or each[1] == place.start))
        if (found := next(fitting, None)) is None:
            missing.append((group, place))
            continue
        there.remove(found)
        pairs.append((found[2], group, DevicePlace(minor, found[1])))
    if pairs:
        missing = [(group, place) for group, place in missing if not group.optional]
    return pairs, missing, [device for _, _, device in there]
