"""Selects the modes of node pools: who provides driver, container toolkit and device plugin, among those that the
distribution supports.
"""

from __future__ import annotations

from typing import cast

from blueprint.catalog.distribution import Distribution, Mode, Owner
from blueprint.records import Record

PARTS = ("driver", "toolkit", "device plugin")
"""The parts that a mode determines, in the order in which owners are declared."""
Owners = tuple[str | None, str | None, str | None]
"""The declared owners of driver, toolkit and device plugin; None leaves one open."""


class ModeConflict(Record):
    """Owners that no mode of the distribution combines.

    Attributes:
        owners: The declared owners.
        possible: The modes of the system's images that work with the stack.
        deciding: Index of the last owner without which some mode would fit; None if there is no single one.
        substitute: Replaces the mode, so that everything else can be checked too.
    """

    owners: Owners
    possible: tuple[Mode, ...]
    deciding: int | None
    substitute: Mode


def choose_mode(distribution: Distribution, system: str, stack: str, owners: Owners) -> Mode | ModeConflict:
    """The first mode that matches the declared owners, or why there is none."""
    mode = distribution.mode(system, stack, *owners)
    if mode is not None:
        return mode
    possible = tuple(mode for mode in distribution.modes(system) if stack in mode.stacks)
    return ModeConflict(owners, possible, _deciding(distribution, system, stack, owners), _substitute(owners))


def _deciding(distribution: Distribution, system: str, stack: str, owners: Owners) -> int | None:
    for index in reversed(range(len(owners))):
        fewer = (None if at == index else owner for at, owner in enumerate(owners))
        if owners[index] and distribution.mode(system, stack, *fewer):
            return index
    return None


def _substitute(owners: Owners) -> Mode:
    driver, toolkit, plugin = (cast("Owner | None", owner) for owner in owners)
    owner: Owner = driver or "operator"
    return Mode(driver=owner, toolkit=toolkit or owner, device_plugin=plugin or "operator", means="no mode")
