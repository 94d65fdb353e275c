"""The MIG layout of a pool: which GPUs are partitioned into which instances, and conflicts that make it impossible.

The layout is proven once, when it is built. It contains its conflicts instead of raising them; the checks convert them
to messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from blueprint.catalog.facts import Fact
from blueprint.catalog.hardware import Mig, MigPlacement, MigProfile
from blueprint.platform.partitioning.packing import (
    NoRoom,
    Slices,
    Slot,
    largest_first,
    media,
    no_room,
    pack,
    slices,
    whole,
)
from blueprint.records import Record, replace


class MigGroup(Record):
    """GPUs of each node with the same partitioning.

    Attributes:
        devices: Their indices, ascending.
        instances: The number of instances of each profile per GPU; empty if they are not partitioned.
        entry: Index in `gpu.mig.layout`; None for GPUs without an entry.
        placement: The placements of the instances on a GPU, which prove that they fit; None if this is not proven.
    """

    devices: tuple[int, ...]
    instances: Mapping[str, int]
    entry: int | None = None
    placement: tuple[Slot, ...] | None = None


class GroupConflict(Record, kw_only=True):
    """A conflict in a layout. One that is not proven is based on unverified or missing facts."""

    entry: int | None = None
    proven: bool = True


class MigUnsupported(GroupConflict, kw_only=True):
    """The product does not support MIG."""


class ProfilesUnknown(GroupConflict, kw_only=True):
    """The MIG profiles of the product are unknown."""

    proven: bool = False


class PlacementsUnknown(GroupConflict, kw_only=True):
    """The possible placements of the product's instances are unknown."""

    proven: bool = False


class DevicesMissing(GroupConflict, kw_only=True):
    """GPU indices that the nodes do not have."""

    devices: tuple[int, ...]


class DevicesRepeated(GroupConflict, kw_only=True):
    """GPUs that an entry lists twice, or that earlier entries list too."""

    devices: tuple[int, ...]
    earlier: tuple[int, ...]


class ProfileUnknown(GroupConflict, kw_only=True):
    """A profile that the product does not have."""

    profile: str


class TooManyInstances(GroupConflict, kw_only=True):
    """More instances of one profile than a GPU supports."""

    profile: str
    count: int
    most: int


class MediaTwice(GroupConflict, kw_only=True):
    """Several instances with the media engines of one GPU; `profile` is the one to change."""

    profile: str
    profiles: tuple[str, ...]
    count: int


class DoesNotFit(GroupConflict, kw_only=True):
    """Instances that do not fit together: `blocked` if placing them identifies one, otherwise determined by counting
    slices.
    """

    profile: str
    needed: Slices
    there: Slices
    blocked: NoRoom | None


LayoutConflict = (
    MigUnsupported
    | ProfilesUnknown
    | PlacementsUnknown
    | DevicesMissing
    | DevicesRepeated
    | ProfileUnknown
    | TooManyInstances
    | MediaTwice
    | DoesNotFit
)


class PoolLayout(Record):
    """How the GPUs of a pool's nodes are partitioned. GPUs without an entry are the last group, unpartitioned."""

    groups: tuple[MigGroup, ...]
    conflicts: tuple[LayoutConflict, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether no conflict is proven."""
        return not any(conflict.proven for conflict in self.conflicts)

    @property
    def profiles(self) -> tuple[str, ...]:
        """All profiles without duplicates, in the order of the layout."""
        return tuple(dict.fromkeys(profile for group in self.groups for profile in group.instances))

    @property
    def whole_devices(self) -> tuple[int, ...]:
        """The GPUs that are not partitioned."""
        return tuple(device for group in self.groups if not group.instances for device in group.devices)

    @property
    def instances_per_node(self) -> Mapping[str, int]:
        """The instances of all GPUs of a node, by profile."""
        found: Counter[str] = Counter()
        for group in self.groups:
            found.update({profile: number * len(group.devices) for profile, number in group.instances.items()})
        return found

    @property
    def only_profile(self) -> str | None:
        """The single profile of all GPUs, or None: required for the strategy `single`."""
        return self.profiles[0] if len(self.profiles) == 1 and not self.whole_devices else None


Placements = Fact[Mapping[str, MigPlacement]]
Entry = tuple[Sequence[int], Mapping[str, int]]
"""An entry of `gpu.mig.layout`: GPU indices, and instances by profile."""


def layout_of(entries: Sequence[Entry], count: int, mig: Mig | None) -> PoolLayout:
    """The layout of nodes with `count` GPUs. Nothing is proven for an unknown product (`mig` is None)."""
    groups = [MigGroup(tuple(sorted(devices)), instances, at) for at, (devices, instances) in enumerate(entries)]
    conflicts: list[LayoutConflict] = []
    if mig is not None and mig.supported.certain and not mig.supported.value:
        conflicts.append(MigUnsupported())
    elif mig is not None:
        conflicts += _device_conflicts(groups, count)
        if mig.profiles is None or not mig.supported.value:
            conflicts.append(ProfilesUnknown())
        else:
            proof = _Proof(mig, mig.profiles)
            groups = [proof.placed(group, conflicts) for group in groups]
    named = {device for group in groups for device in group.devices}
    rest = tuple(device for device in range(count) if device not in named)
    return PoolLayout((*groups, *([MigGroup(rest, {})] if rest else [])), tuple(conflicts))


def _device_conflicts(groups: Sequence[MigGroup], count: int) -> Iterator[LayoutConflict]:
    owners: dict[int, int] = {}
    for entry, group in enumerate(groups):
        devices = group.devices
        missing = {device for device in devices if device >= count}
        if missing:
            yield DevicesMissing(entry=entry, devices=tuple(sorted(missing)))
        repeated = {device for at, device in enumerate(devices) if device in owners or device in devices[:at]}
        if repeated := repeated - missing:
            earlier = {owners[device] for device in repeated if device in owners}
            yield DevicesRepeated(entry=entry, devices=tuple(sorted(repeated)), earlier=tuple(sorted(earlier)))
        owners |= {device: entry for device in devices if device not in owners}


class _Proof:
    """Determines whether the instances of a group fit on one GPU."""

    def __init__(self, mig: Mig, profiles: Fact[tuple[MigProfile, ...]]) -> None:
        self._verified = profiles.certain
        self._profiles = {profile.name: profile for profile in profiles.value}
        self._placements = mig.placements

    def placed(self, group: MigGroup, conflicts: list[LayoutConflict]) -> MigGroup:
        """The group with the placements of its instances; conflicts are added to `conflicts`."""
        if found := [*self._single(group), *self._media(group)]:
            conflicts += found
            return group
        known = self._placements
        if known is not None and not set(group.instances) <= set(known.value):
            known = None
        placement = pack(group.instances, known.value) if known else None
        blocked = no_room(group.instances, known.value) if known and placement is None else None
        conflicts += self._together(group, known, blocked)
        return replace(group, placement=placement)

    def _single(self, group: MigGroup) -> Iterator[LayoutConflict]:
        """Profiles that the product does not have, or not that often."""
        for name, count in group.instances.items():
            known = self._profiles.get(name)
            if known is None:
                yield ProfileUnknown(entry=group.entry, profile=name, proven=self._verified)
            elif count > known.max and media(name):
                yield MediaTwice(entry=group.entry, profile=name, profiles=(name,), count=count, proven=self._verified)
            elif count > known.max:
                yield TooManyInstances(
                    entry=group.entry, profile=name, count=count, most=known.max, proven=self._verified
                )

    def _media(self, group: MigGroup) -> Iterator[LayoutConflict]:
        """Instances of several profiles with the media engines."""
        names = tuple(name for name in group.instances if name in self._profiles and media(name))
        if names[1:]:
            count = sum(group.instances[name] for name in names)
            yield MediaTwice(entry=group.entry, profile=names[1], profiles=names, count=count, proven=self._verified)

    def _together(self, group: MigGroup, known: Placements | None, blocked: NoRoom | None) -> Iterator[LayoutConflict]:
        """Instances that fit individually, but do not, or not provably, fit together."""
        counts, there = group.instances, whole(self._profiles)
        sizes = [(slices(name, self._profiles), count) for name, count in counts.items()]
        needed = Slices(sum(s.compute * n for s, n in sizes), sum(s.memory * n for s, n in sizes))
        too_much = needed.compute > there.compute or needed.memory > there.memory
        if too_much or blocked:
            proven = self._verified and (too_much or (known is not None and known.certain))
            last = largest_first(counts, known.value)[-1] if known else [*counts][-1]
            profile = blocked.profile if blocked else last
            yield DoesNotFit(
                entry=group.entry, proven=proven, profile=profile, needed=needed, there=there, blocked=blocked
            )
        elif self._placements is None:
            yield PlacementsUnknown(entry=group.entry)
