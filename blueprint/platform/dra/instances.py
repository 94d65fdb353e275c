"""MIG instances published by a DRA driver: created in advance according to a pool's layout, or on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.catalog.component_files.devices import Driver
from blueprint.catalog.hardware import MigInstance, MigPlacement
from blueprint.patterns import lazy_pattern
from blueprint.platform.dra.published import DeviceGroup, Value
from blueprint.platform.dra.values import PoolValues
from blueprint.platform.partitioning.layout import MigGroup
from blueprint.platform.partitioning.packing import place_otherwise
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.tracked import read_fact
from blueprint.records import Record

_NOT_IN_NAMES = lazy_pattern("[^a-z0-9-.]")


class MigFacts(Record):
    """The catalogue's facts about a product's instances.

    Attributes:
        placements: By profile; None: unknown.
        instances: By profile; empty: unknown.
        placed_for_sure: Whether the placements are verified.
        known_for_sure: Whether the properties of instances are verified.
    """

    placements: Mapping[str, MigPlacement] | None
    instances: Mapping[str, MigInstance]
    placed_for_sure: bool
    known_for_sure: bool


def mig_facts(pool: GpuPool) -> MigFacts:
    """The facts of a pool's product."""
    mig = pool.gpu.facts.mig
    placements, instances = mig.placements, mig.instances
    return MigFacts(
        read_fact(placements) if placements else None,
        read_fact(instances) if instances else {},
        placements is not None and placements.certain,
        instances is not None and instances.certain,
    )


class Instances:
    """The groups of instances of one pool's GPUs."""

    def __init__(self, pool: GpuPool, name: str, driver: Driver, values: PoolValues) -> None:
        self._facts = mig_facts(pool)
        self._name = name
        self._driver = driver
        self._values = values

    def of_group(self, group: MigGroup) -> Iterator[DeviceGroup]:
        """The instances of a group of GPUs according to the layout."""
        known = self._facts.placements
        if known is not None and not set(group.instances) <= set(known):
            known = None
        placed = group.placement if known else None
        otherwise = placed is None or (known is not None and place_otherwise(group.instances, known, placed))
        for profile, number in sorted(group.instances.items()):
            starts = tuple(slot.start for slot in placed or () if slot.profile == profile) or tuple(range(number))
            size = known[profile].slices if known else 0
            yield self._group(profile, group.devices, starts, size, elsewhere=otherwise)

    def on_demand(self, gpus: tuple[int, ...]) -> Iterator[DeviceGroup]:
        """All possible instances, at all possible placements; empty if the placements are unknown."""
        for profile, placement in (self._facts.placements or {}).items():
            yield self._group(profile, gpus, placement.starts, placement.slices, elsewhere=False)

    @property
    def placed_for_sure(self) -> bool:
        """Whether the placements are verified."""
        return self._facts.placed_for_sure

    @property
    def memory_slices(self) -> int:
        """The memory slices of a GPU: as many as its largest instance uses."""
        return max((placement.slices for placement in (self._facts.placements or {}).values()), default=0)

    def _group(
        self, profile: str, gpus: tuple[int, ...], starts: tuple[int, ...], size: int, *, elsewhere: bool
    ) -> DeviceGroup:
        known = self._facts.instances.get(profile)
        certain = self._facts.known_for_sure
        capacities = self._values.capacities(self._name, "mig", known, certain=certain)
        if self._driver.memory_slice and self._values.lists_memory_slices(self._name):
            capacities[self._driver.memory_slice] = Value(type="quantity", value=1, certain=not elsewhere)
        number = str(known.id) if known else "{id}"
        return DeviceGroup(
            sort="mig",
            name=self._driver.names["mig"].replace("{profile}", in_names(profile)).replace("{id}", number),
            gpus=gpus,
            starts=starts,
            size=size,
            profile=profile,
            elsewhere=elsewhere,
            named=not elsewhere and known is not None and certain and self._facts.placed_for_sure,
            attributes=self._values.attributes(self._name, "mig", profile),
            capacities=capacities,
        )


def in_names(profile: str) -> str:
    """A profile in the form used in device names: `1g.10gb+me` is `1g10gb-me`."""
    return _NOT_IN_NAMES.sub("-", profile.replace(".", "").lower()).strip("-")
