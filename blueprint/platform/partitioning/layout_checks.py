"""Checks of MIG layouts: converts the conflicts of a layout to diagnostics, each at its line in the blueprint.

An error is based only on facts that were read or observed; unverified facts of the catalogue cause warnings.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Code, Diagnostic, Note, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.gpus.model import PoolGpu
from blueprint.platform.partitioning import codes, layout
from blueprint.platform.partitioning.packing import NoRoom, ranges
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import GpuPool
from blueprint.source.paths import Path


def check_layout(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Report all conflicts in the layout of a pool."""
    found = pool.partition.layout
    words = _Wording(context, pool.name, pool.gpu)
    for conflict in found.conflicts if found else ():
        yield words.diagnostic(conflict)


class _Wording:
    """Creates diagnostics for the conflicts of one pool's layout."""

    def __init__(self, context: CheckContext, name: str, gpu: PoolGpu) -> None:
        self._context = context
        self._gpu: Path = (*POOLS, name, "gpu")
        self._product = gpu.product
        self._count = gpu.count
        self._profiles = _profile_names(gpu)
        self._product_note = context.product_note(name)

    def diagnostic(self, conflict: layout.LayoutConflict) -> Diagnostic:
        """The diagnostic for a conflict."""
        match conflict:
            case layout.MigUnsupported():
                return self._unsupported()
            case layout.ProfilesUnknown():
                return self._profiles_unknown()
            case layout.PlacementsUnknown():
                return self._placements_unknown(conflict)
            case layout.DevicesMissing():
                return self._devices_missing(conflict)
            case layout.DevicesRepeated():
                return self._devices_repeated(conflict)
            case layout.ProfileUnknown():
                return self._profile_unknown(conflict)
            case layout.TooManyInstances():
                return self._too_many(conflict)
            case layout.MediaTwice():
                return self._media_twice(conflict)
            case layout.DoesNotFit():
                return self._does_not_fit(conflict)

    def _unsupported(self) -> Diagnostic:
        message = f"{self._product} does not support MIG, so it cannot be partitioned"
        help_ = "remove mig; to let pods share the GPU, use sharing: {timeSlicing: 4}"
        path = (*self._gpu, "mig")
        return self._context.diagnostic_at(
            path, codes.MIG_UNSUPPORTED, message, help_=help_, notes=(self._product_note,)
        )

    def _profiles_unknown(self) -> Diagnostic:
        message = f"the catalogue has no MIG profiles for {self._product}"
        path = (*self._gpu, "mig", "layout")
        return self._context.diagnostic_at(path, codes.MIG_UNPROVEN, message, notes=(self._product_note,))

    def _placements_unknown(self, conflict: layout.PlacementsUnknown) -> Diagnostic:
        message = f"the catalogue has no MIG placements for {self._product}"
        path = self._entry(conflict, "profiles")
        return self._context.diagnostic_at(path, codes.MIG_UNPROVEN, message, notes=(self._product_note,))

    def _devices_missing(self, conflict: layout.DevicesMissing) -> Diagnostic:
        message = (
            f"there is no {_gpus(conflict.devices)}: of {self._count} per node, the last has index {self._count - 1}"
        )
        node, _ = self._context.root.nearest((*self._gpu, "count"))
        notes = (Note("GPUs per node", node.span),)
        path = self._entry(conflict, "devices")
        return self._context.diagnostic_at(path, codes.MIG_DEVICE_MISSING, message, notes=notes)

    def _devices_repeated(self, conflict: layout.DevicesRepeated) -> Diagnostic:
        message = f"{_gpus(conflict.devices)} {'is' if len(conflict.devices) == 1 else 'are'} partitioned twice"
        help_ = "list each GPU once; GPUs that no layout lists stay whole"
        notes = tuple(self._entry_note(entry) for entry in conflict.earlier)
        path = self._entry(conflict, "devices")
        return self._context.diagnostic_at(path, codes.MIG_DEVICE_TWICE, message, help_=help_, notes=notes)

    def _entry_note(self, entry: int) -> Note:
        node, where = self._context.root.nearest((*self._gpu, "mig", "layout", entry, "devices"))
        span = node.span if where[-1] == "devices" else (node.key_span or node.span)
        return Note(f"partitioned here by layout {entry}", span)

    def _profile_unknown(self, conflict: layout.ProfileUnknown) -> Diagnostic:
        message = f"{self._product} cannot be partitioned into {conflict.profile}"
        help_, fix = f"profiles of this GPU: {', '.join(self._profiles)}", _similar(conflict.profile, self._profiles)
        return self._at_profile(
            conflict, conflict.profile, codes.MIG_PROFILE_UNSUPPORTED, message, help_=help_, fix=fix
        )

    def _too_many(self, conflict: layout.TooManyInstances) -> Diagnostic:
        name = conflict.profile
        message = f"{conflict.count} x {name} do not fit on {self._product}, which holds at most {conflict.most}"
        return self._at_profile(conflict, name, codes.MIG_TOO_MANY, message)

    def _media_twice(self, conflict: layout.MediaTwice) -> Diagnostic:
        name, rule = conflict.profile, "only one instance of a GPU can have its media engines"
        if conflict.profiles[1:]:
            message, help_ = f"{' and '.join(conflict.profiles)}: {rule}", None
        else:
            message, help_ = (
                f"{conflict.count} x {name}: {rule}",
                f"use {name} once, and {name.partition('+')[0]} for the other instances",
            )
        return self._at_profile(conflict, name, codes.MIG_MEDIA_TWICE, message, help_=help_)

    def _does_not_fit(self, conflict: layout.DoesNotFit) -> Diagnostic:
        needed, there, blocked = conflict.needed, conflict.there, conflict.blocked
        take = (
            f"together they take {needed.compute} of {there.compute} compute and {needed.memory} of {there.memory}"
            " memory slices"
        )
        if blocked is None:
            message = f"these instances do not fit: {take}"
            return self._at_profile(conflict, conflict.profile, codes.MIG_NO_ROOM, message)
        message = f"{_counts(blocked)} leave no room for {blocked.profile}: {_taken(blocked)}"
        notes = self._placed_notes(conflict, blocked)
        return self._at_profile(conflict, blocked.profile, codes.MIG_NO_ROOM, message, help_=take, notes=notes)

    def _placed_notes(self, conflict: layout.GroupConflict, blocked: NoRoom) -> tuple[Note, ...]:
        at = self._entry(conflict, "profiles")
        names = [name for name in _packed(blocked) if name != blocked.profile]
        nodes = ((name, self._context.root.get((*at, name))) for name in names)
        return tuple(Note(f"{name} placed first", node.key_span) for name, node in nodes if node)

    def _entry(self, conflict: layout.GroupConflict, key: str) -> Path:
        return (*self._gpu, "mig", "layout", conflict.entry or 0, key)

    def _at_profile(
        self,
        conflict: layout.GroupConflict,
        profile: str,
        code: Code,
        message: str,
        *,
        help_: str | None = None,
        fix: str | None = None,
        notes: tuple[Note, ...] = (),
    ) -> Diagnostic:
        """A diagnostic at the profile's key; a warning if the underlying facts are not verified."""
        if not conflict.proven:
            code, message = codes.MIG_UNPROVEN, f"{message} (unverified)"
        path = (*self._entry(conflict, "profiles"), profile)
        return self._context.diagnostic_at_key(
            path, code, message, help_=help_, fix=fix, notes=(*notes, self._product_note)
        )


def _profile_names(gpu: PoolGpu) -> list[str]:
    product = gpu.catalogued
    profiles = product.mig.profiles if product else None
    return [profile.name for profile in profiles.value] if profiles else []


def _gpus(numbers: tuple[int, ...]) -> str:
    return f"GPU {ranges(numbers)}" if len(numbers) == 1 else f"GPUs {ranges(numbers)}"


def _similar(name: str, known: list[str]) -> str | None:
    """The profile with the same number of compute slices, which has another name on this product; or the nearest
    spelling.
    """
    alike = [other for other in known if other.partition(".")[0] == name.partition(".")[0]]
    if alike and name.endswith("gb"):
        return alike[0]
    return nearest(name, alike or known)


def _packed(blocked: NoRoom) -> dict[str, int]:
    counts: dict[str, int] = {}
    for slot in blocked.packed:
        counts[slot.profile] = counts.get(slot.profile, 0) + 1
    return counts


def _counts(blocked: NoRoom) -> str:
    return ", ".join(f"{number} x {name}" for name, number in _packed(blocked).items())


def _taken(blocked: NoRoom) -> str:
    placed = ", ".join(str(slot) for slot in blocked.packed)
    return f"memory slices {ranges(blocked.taken)} are taken ({placed})"
