"""What DRA drivers publish of one node, as predicted: devices that are alike, their attributes, and their counters.

Every value says how sure it is: it is exact, or lies within a tolerance, or is unknown until a node is seen. Nothing
here knows how it was predicted, so that what a bundle says of a pool can be read back without the platform.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from blueprint.records import Record, field

ValueType = Literal["string", "int", "ints", "bool", "version", "quantity"]
MIB = 2**20


class Value(Record, kw_only=True):
    """An attribute, a capacity or a counter.

    Attributes:
        type: Of the value; amounts are quantities, whole numbers of their unit (memory in bytes).
        value: What it is; None: unknown until a node is seen.
        tolerance: By how much an amount may differ.
        begins: What an unknown text or version begins with; empty: nothing is known of it.
        one_of: What an unknown text may be; empty: anything.
        optional: Whether some nodes do not have it.
        certain: Whether it rests on verified facts; what does not may warn, and never fails.
        policy: Of an amount that claims share: `default`, `min`, `max` and `step`.
    """

    type: ValueType
    value: str | int | bool | None = None
    tolerance: int = 0
    begins: str = ""
    one_of: tuple[str, ...] = ()
    optional: bool = False
    certain: bool = True
    policy: Mapping[str, int] = field(default_factory=dict)


class DevicePlace(NamedTuple):
    """One device: of which GPU it is, and the first memory slice of an instance."""

    gpu: int
    start: int = 0


class DeviceGroup(Record, kw_only=True):
    """Devices of a node that are alike: of each of `gpus` one, or one at each of `starts`.

    Attributes:
        sort: `gpu`, `mig`, `vfio`, `channel` or `daemon`.
        name: With `{gpu}` for the GPU's minor number, `{start}` for the first memory slice, `{id}` for the number of a
            profile that is unknown.
        gpus: Minor numbers. Which GPU of a node has which is unknown until the node is seen.
        starts: Where instances stand; empty for what is no instance.
        size: The memory slices of an instance.
        profile: Of an instance.
        elsewhere: Whether instances may stand at other starts: as many of them, somewhere.
        optional: Whether a device may be missing while its GPU is prepared in another form.
        named: Whether the name is certain.
        attributes: By name; those of another domain than the driver's have it before them.
        capacities: By name. `{slice}` in a name stands for each memory slice of the instance.
        consumes: By counter, what of the GPU's set a device consumes; empty where no device does.
        multiple: Whether several claims may have parts of one device.
    """

    sort: str
    name: str
    gpus: tuple[int, ...]
    starts: tuple[int, ...] = ()
    size: int = 0
    profile: str = ""
    elsewhere: bool = False
    optional: bool = False
    named: bool = True
    attributes: Mapping[str, Value]
    capacities: Mapping[str, Value] = field(default_factory=dict)
    consumes: Mapping[str, Value] = field(default_factory=dict)
    multiple: bool = False

    @property
    def count(self) -> int:
        """How many devices these are."""
        return len(self.gpus) * max(1, len(self.starts))

    def places(self, gpu: int) -> Iterator[DevicePlace]:
        """Its devices on one GPU."""
        if gpu in self.gpus:
            yield from (DevicePlace(gpu, start) for start in self.starts or (0,))

    def name_at(self, place: DevicePlace) -> str:
        """The name of one device."""
        number = "x-minus" if "-" in self.profile else "x"  # `1g.24gb+me` and `1g.24gb-me` differ in the number alone
        known = {"{gpu}": str(place.gpu), "{start}": str(place.start), "{id}": number}
        name = self.name
        for key, text in known.items():
            name = name.replace(key, text)
        return name


class CounterSets(Record, kw_only=True):
    """The counters of which devices consume: one set for each of `gpus`, all alike.

    Attributes:
        name: Of a set, with `{gpu}`.
        gpus: Minor numbers.
        counters: By name.
        memory_slice: The counter of a memory slice, with `{slice}`; there are `slices` of them, each 1.
        slices: The memory slices of a GPU.
    """

    name: str
    gpus: tuple[int, ...]
    counters: Mapping[str, Value]
    memory_slice: str
    slices: int


OF_NODES: tuple[Literal["channel", "daemon"], ...] = ("channel", "daemon")
"""Sorts of device of which a node has one, whatever its GPUs: those of compute domains."""


class Publication(Record, kw_only=True):
    """What one driver publishes of a node, in the pool that bears the node's name.

    Attributes:
        driver: Its name, `gpu.nvidia.com`.
        version: The version of its software, `0.5.0`.
        image: The name of the image with its software.
        api_version: The API version under which the cluster serves slices.
        layout: Where devices and counters stand: `one` slice with all devices; one slice `perGpu`, with its counters;
            or `countersApart`, a slice with all counters before those of the GPUs.
        groups: The devices.
        counter_sets: The counters; None where nothing is partitioned on demand.
        taints: Keys of the taints that devices get when they fail.
        unknown: What of the node's devices could not be predicted, in sentences; what a driver publishes beyond the
            prediction then contradicts nothing.
        assumes: Under which condition this is so, in sentences.
    """

    driver: str
    version: str
    image: str
    api_version: str
    layout: Literal["one", "perGpu", "countersApart"] = "one"
    groups: tuple[DeviceGroup, ...] = ()
    counter_sets: CounterSets | None = None
    taints: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()

    @property
    def gpus(self) -> tuple[int, ...]:
        """The minor numbers of all GPUs with a device."""
        return tuple(sorted({gpu for group in self.groups for gpu in group.gpus}))

    @property
    def allocates_gpus(self) -> bool:
        """Whether GPUs, or parts of them, are among the devices, and not those of compute domains alone."""
        return any(group.sort not in OF_NODES for group in self.groups)

    @property
    def count(self) -> int:
        """How many devices there are on a node."""
        return sum(group.count for group in self.groups)
