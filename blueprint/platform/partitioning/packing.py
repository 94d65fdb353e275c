"""Determines whether MIG instances fit together on one GPU, and where: a search over placements.

A GPU with MIG has compute slices (seven, or four on small ones) and memory slices (eight, or four). The name of a
profile contains its share of both; its placements are the memory slices at which an instance may start. All functions
are pure and do not depend on blueprints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.catalog.hardware import MigPlacement
from blueprint.patterns import lazy_pattern
from blueprint.records import Record

_NAME = lazy_pattern(r"(\d)g\.(\d+)gb(?:([-+])(\w+(?:\.\w+)?))?")
_MEMORY_SLICES_OF_SEVEN = 8


class Slot(Record):
    """One instance on a GPU, which uses the memory slices `start` to `last`."""

    profile: str
    start: int
    size: int

    @property
    def last(self) -> int:
        """The last memory slice that it uses."""
        return self.start + self.size - 1

    def __str__(self) -> str:
        taken = str(self.start) if self.size == 1 else f"{self.start}-{self.last}"
        return f"{self.profile} at {taken}"


class Slices(Record):
    """Compute and memory slices, of a profile or of a whole GPU."""

    compute: int
    memory: int


def media(profile: str) -> bool:
    """Whether an instance has the GPU's media engines, which only one instance can have: `+me`, `+me.all`."""
    match = _NAME.fullmatch(profile)
    return bool(match and match[3] == "+" and match[4].partition(".")[0] == "me")


def whole(profiles: Iterable[str]) -> Slices:
    """The slices of a GPU with these profiles: those of its largest profile."""
    compute = max(_parts(profile)[0] for profile in profiles)
    return Slices(compute, _MEMORY_SLICES_OF_SEVEN if compute > 4 else compute)  # noqa: PLR2004 - four and four, or 7 + 8


def slices(profile: str, profiles: Iterable[str]) -> Slices:
    """The slices of one of these profiles. Gigabytes in names are rounded, so the nearest number of slices is used."""
    known = list(profiles)
    largest = max(_parts(each)[1] for each in known)
    compute, gigabytes = _parts(profile)
    return Slices(compute, max(1, round(whole(known).memory * gigabytes / largest)))


def _parts(profile: str) -> tuple[int, int]:
    match = _NAME.fullmatch(profile)
    if match is None:
        raise ValueError(f"{profile} is not a MIG profile")
    return int(match[1]), int(match[2])


def pack(counts: Mapping[str, int], placements: Mapping[str, MigPlacement]) -> tuple[Slot, ...] | None:
    """One possible placement of all these instances, ordered by memory slice; None if there is none.

    The largest instances are placed first. Equal instances are placed in ascending order, so that no arrangement is
    tried twice.
    """
    queue = [name for name in largest_first(counts, placements) for _ in range(counts[name])]
    placed: list[Slot] = []

    def place(index: int, taken: int, after: int) -> bool:
        """Place the instances of the queue from `index` on; return False if they do not fit."""
        if index == len(queue):
            return True
        name = queue[index]
        alike = index > 0 and queue[index - 1] == name
        for start in placements[name].starts:
            mask = ((1 << placements[name].slices) - 1) << start
            if taken & mask or (alike and start <= after):
                continue
            placed.append(Slot(name, start, placements[name].slices))
            if place(index + 1, taken | mask, start):
                return True
            placed.pop()
        return False

    return tuple(sorted(placed, key=lambda slot: slot.start)) if place(0, 0, -1) else None


def place_otherwise(
    counts: Mapping[str, int], placements: Mapping[str, MigPlacement], placed: tuple[Slot, ...]
) -> bool:
    """Whether these instances also have another possible placement than `placed`: with one of its positions
    excluded.
    """
    for slot in placed:
        known = placements[slot.profile]
        without = MigPlacement(slices=known.slices, starts=tuple(each for each in known.starts if each != slot.start))
        if pack(counts, {**placements, slot.profile: without}) is not None:
            return True
    return False


def largest_first(counts: Mapping[str, Any], placements: Mapping[str, MigPlacement]) -> list[str]:
    """The profiles, those with the most memory slices first; of equal ones, those with the fewest placements."""
    return sorted(counts, key=lambda name: (-placements[name].slices, len(placements[name].starts), name))


class NoRoom(Record):
    """The reason why a layout does not fit: `profile` is the first one without a placement in addition to those in
    `packed`.
    """

    profile: str
    packed: tuple[Slot, ...]

    @property
    def taken(self) -> list[int]:
        """The memory slices used in `packed`."""
        return [index for slot in self.packed for index in range(slot.start, slot.last + 1)]


def no_room(counts: Mapping[str, int], placements: Mapping[str, MigPlacement]) -> NoRoom | None:
    """The first instance without a placement if they are packed largest first; None if all fit."""
    fitting: dict[str, int] = {}
    packed: tuple[Slot, ...] = ()
    for name in largest_first(counts, placements):
        for _ in range(counts[name]):
            attempt = fitting | {name: fitting.get(name, 0) + 1}
            found = pack(attempt, placements)
            if found is None:
                return NoRoom(name, packed)
            fitting, packed = attempt, found
    return None


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in readable form: `0-3, 5`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
