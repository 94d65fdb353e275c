"""Whether a MIG layout can be made: devices, profiles, and a place for every instance on the GPU.

An error rests only on what has been read or observed: what the catalogue has unverified makes a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.catalog.hardware import Gpu, MigProfile
from blueprint.diagnostics import Code, Diagnostic, Note, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.partitioning import codes
from blueprint.platform.partitioning.packing import NoRoom, largest_first, media, no_room, ranges, slices, whole
from blueprint.source.paths import Path

if TYPE_CHECKING:
    from blueprint.spec.partition import PoolMig


@dataclass(frozen=True, slots=True)
class Layouts:
    """The `gpu.mig` of one pool, under examination."""

    context: CheckContext
    at: Path
    mig: PoolMig
    product: Gpu
    count: int
    from_: Note
    """Where the product was set."""

    def found(self) -> Iterator[Diagnostic]:
        """Everything wrong with it."""
        supported = self.product.mig.supported
        if supported.certain and not supported.value:
            message = f"{self.product.product} cannot be cut: it has no MIG"
            help_ = "leave mig out; sharing: {timeSlicing: 4} lets pods share it"
            yield self.context.diagnostic_at(self.at, codes.MIG_UNSUPPORTED, message, help_=help_, notes=(self.from_,))
            return
        yield from self._devices()
        profiles = self.product.mig.profiles
        if profiles is None or not supported.value:
            message = f"the catalogue does not know how {self.product.product} can be cut"
            yield self.context.diagnostic_at((*self.at, "layout"), codes.MIG_UNPROVEN, message, notes=(self.from_,))
            return
        for index, layout in enumerate(self.mig.layout):
            at = (*self.at, "layout", index, "profiles")
            yield from self._cut(at, layout.profiles, {each.name: each for each in profiles.value})

    def _devices(self) -> Iterator[Diagnostic]:
        owners: dict[int, int] = {}
        for index, layout in enumerate(self.mig.layout):
            at = (*self.at, "layout", index, "devices")
            devices = range(self.count) if layout.devices == "all" else layout.devices
            missing = sorted({device for device in devices if device >= self.count})
            if missing:
                message = f"{_gpus(missing)} of {self.count}: the last is {self.count - 1}"
                yield self.context.diagnostic_at(
                    at, codes.MIG_DEVICE_MISSING, f"there is no {message}", notes=self._count_note()
                )
            twice = sorted({d for i, d in enumerate(devices) if d in owners or d in list(devices)[:i]} - {*missing})
            if twice:
                where = {owners[device] for device in twice if device in owners}
                notes = tuple(self._layout_note(other) for other in sorted(where))
                message = f"{_gpus(twice)} {'is' if len(twice) == 1 else 'are'} cut twice"
                help_ = "name every GPU once; those that no layout names stay whole"
                yield self.context.diagnostic_at(at, codes.MIG_DEVICE_TWICE, message, help_=help_, notes=notes)
            owners |= {device: index for device in devices if device not in owners}

    def _count_note(self) -> tuple[Note, ...]:
        node, _ = self.context.root.nearest((*self.at[:-1], "count"))
        return (Note("GPUs per node", node.span),)

    def _layout_note(self, index: int) -> Note:
        node, where = self.context.root.nearest((*self.at, "layout", index, "devices"))
        span = node.span if where[-1] == "devices" else (node.key_span or node.span)
        return Note(f"cut here by layout {index}", span)

    def _cut(self, at: Path, counts: Mapping[str, int], known: Mapping[str, MigProfile]) -> Iterator[Diagnostic]:
        """What is wrong with the instances of one layout; where single ones are wrong, all are not tried together."""
        problems = [*self._single(at, counts, known)]
        yield from problems
        with_media = [name for name in counts if name in known and media(name)]
        total = sum(counts[name] for name in with_media)
        if total > 1 and len(with_media) > 1:
            message = f"{' and '.join(with_media)}: one instance of a GPU can have its media engines"
            problems.append(self._problem((*at, with_media[1]), codes.MIG_MEDIA_TWICE, message))
            yield problems[-1]
        if not problems:
            yield from self._together(at, counts, known)

    def _single(self, at: Path, counts: Mapping[str, int], known: Mapping[str, MigProfile]) -> Iterator[Diagnostic]:
        product = self.product.product
        for name, number in counts.items():
            if name not in known:
                near = _meant(name, known)
                help_ = f"profiles of this GPU: {', '.join(known)}"
                message = f"{product} cannot be cut into {name}"
                yield self._problem((*at, name), codes.MIG_PROFILE_UNSUPPORTED, message, help_=help_, fix=near)
            elif number > known[name].max and media(name):
                message = f"{number} x {name}: one instance of a GPU can have its media engines"
                help_ = f"{name}: 1, and {name.partition('+')[0]} for the others"
                yield self._problem((*at, name), codes.MIG_MEDIA_TWICE, message, help_=help_)
            elif number > known[name].max:
                message = f"{number} x {name} do not fit on {product}: it holds at most {known[name].max}"
                yield self._problem((*at, name), codes.MIG_TOO_MANY, message)

    def _together(self, at: Path, counts: Mapping[str, int], known: Mapping[str, MigProfile]) -> Iterator[Diagnostic]:
        asked = [(slices(name, known), number) for name, number in counts.items()]
        compute, memory = sum(s.compute * n for s, n in asked), sum(s.memory * n for s, n in asked)
        there = whole(known)
        too_much = compute > there.compute or memory > there.memory
        placements = self.product.mig.placements
        blocked = no_room(counts, placements.value) if placements and set(counts) <= set(placements.value) else None
        if not too_much and blocked is None:
            if placements is None:
                message = f"the catalogue does not know where instances of {self.product.product} may start"
                yield self.context.diagnostic_at(at, codes.MIG_UNPROVEN, message, notes=(self.from_,))
            return
        needs = (
            f"together they take {_of(compute, there.compute)} compute and {_of(memory, there.memory)} memory slices"
        )
        proven = too_much or (placements is not None and placements.certain)
        if blocked is None or placements is None:
            name = largest_first(counts, placements.value)[-1] if placements else list(counts)[-1]
            yield self._problem((*at, name), codes.MIG_NO_ROOM, f"these instances do not fit: {needs}", proven=proven)
            return
        message = f"{_told(blocked)} leave no room for {blocked.profile}: {_taken(blocked)}"
        path, notes = (*at, blocked.profile), self._others(at, blocked)
        yield self._problem(path, codes.MIG_NO_ROOM, message, help_=needs, notes=notes, proven=proven)

    def _others(self, at: Path, blocked: NoRoom) -> tuple[Note, ...]:
        found = [
            (name, self.context.root.get((*at, name))) for name in dict.fromkeys(s.profile for s in blocked.packed)
        ]
        return tuple(
            Note(f"{name} placed first", node.key_span) for name, node in found if node and name != blocked.profile
        )

    def _problem(
        self,
        path: Path,
        code: Code,
        message: str,
        *,
        help_: str | None = None,
        fix: str | None = None,
        notes: tuple[Note, ...] = (),
        proven: bool = True,
    ) -> Diagnostic:
        """At the profile's key; a warning where the catalogue's word on it is not verified."""
        profiles = self.product.mig.profiles
        if not proven or profiles is None or not profiles.certain:
            code, message = codes.MIG_UNPROVEN, f"{message} (unverified)"
        return self.context.diagnostic_at_key(path, code, message, help_=help_, fix=fix, notes=(*notes, self.from_))


def _of(number: int, there: int) -> str:
    return f"{number} of {there}"


def _gpus(numbers: list[int]) -> str:
    return f"GPU {ranges(numbers)}" if len(numbers) == 1 else f"GPUs {ranges(numbers)}"


def _meant(name: str, known: Mapping[str, MigProfile]) -> str | None:
    """The profile with as many compute slices, which another product calls otherwise; or the nearest spelling."""
    alike = [other for other in known if other.partition(".")[0] == name.partition(".")[0]]
    if alike and name.endswith("gb"):
        return alike[0]
    return nearest(name, alike or known)


def _told(blocked: NoRoom) -> str:
    counts: dict[str, int] = {}
    for slot in blocked.packed:
        counts[slot.profile] = counts.get(slot.profile, 0) + 1
    return ", ".join(f"{number} x {name}" for name, number in counts.items())


def _taken(blocked: NoRoom) -> str:
    placed = ", ".join(str(slot) for slot in blocked.packed)
    return f"memory slices {ranges(blocked.taken)} are taken ({placed})"
