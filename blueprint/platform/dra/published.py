"""The devices that DRA drivers are predicted to publish for one node: groups of equal devices, their attributes, and
their counters.

Every value has a certainty: it is exact, within a tolerance, or unknown until a node exists. This module does not
depend on how the prediction was made, so that a bundle's prediction can be read back without the platform.
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
        type: The type of the value; amounts are quantities, integers in their unit (memory in bytes).
        value: The value; None: unknown until a node exists.
        tolerance: The tolerance of an amount.
        begins: The prefix of an unknown string or version; empty: nothing is known.
        one_of: The possible values of an unknown string; empty: any.
        optional: Whether some nodes do not have it.
        certain: Whether it is based on verified facts; others may cause warnings, but never errors.
        policy: For an amount that claims share: `default`, `min`, `max` and `step`.
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
    """One device: its GPU, and the first memory slice of an instance."""

    gpu: int
    start: int = 0


class DeviceGroup(Record, kw_only=True):
    """Equal devices of a node: one for each of `gpus`, or one at each of `starts`.

    Attributes:
        sort: `gpu`, `mig`, `vfio`, `channel` or `daemon`.
        name: The name, with `{gpu}` for the GPU's minor number, `{start}` for the first memory slice, and `{id}` for an
            unknown profile ID.
        gpus: Minor numbers. Which GPU of a node has which number is unknown until the node exists.
        starts: The placements of instances; empty for other devices.
        size: The number of memory slices of an instance.
        profile: The profile of an instance.
        elsewhere: Whether the instances may have other placements: the same number, anywhere.
        optional: Whether a device may be missing while its GPU is prepared in another form.
        named: Whether the name is certain.
        attributes: Attributes by name; those in another domain than the driver's have it as a prefix.
        capacities: Capacities by name. `{slice}` in a name stands for each memory slice of the instance.
        consumes: What a device consumes of its GPU's counter set, by counter; empty if no device consumes any.
        multiple: Whether several claims may share one device.
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
        """The number of devices."""
        return len(self.gpus) * max(1, len(self.starts))

    def places(self, gpu: int) -> Iterator[DevicePlace]:
        """Its devices on one GPU."""
        if gpu in self.gpus:
            yield from (DevicePlace(gpu, start) for start in self.starts or (0,))

    def name_at(self, place: DevicePlace) -> str:
        """The name of one device."""
        number = "x-minus" if "-" in self.profile else "x"  # `1g.24gb+me` and `1g.24gb-me` differ only in the number
        known = {"{gpu}": str(place.gpu), "{start}": str(place.start), "{id}": number}
        name = self.name
        for key, text in known.items():
            name = name.replace(key, text)
        return name


class CounterSets(Record, kw_only=True):
    """The counters that devices consume: one set for each of `gpus`, all equal.

    Attributes:
        name: The name of a set, with `{gpu}`.
        gpus: Minor numbers.
        counters: Counters by name.
        memory_slice: The name of a memory slice's counter, with `{slice}`; there are `slices` of them, each 1.
        slices: The number of memory slices of a GPU.
    """

    name: str
    gpus: tuple[int, ...]
    counters: Mapping[str, Value]
    memory_slice: str
    slices: int


OF_NODES: tuple[Literal["channel", "daemon"], ...] = ("channel", "daemon")
"""Types of device of which a node has one, whatever its GPUs: those of compute domains."""


class Publication(Record, kw_only=True):
    """The devices that one driver publishes for a node, in the pool named after the node.

    Attributes:
        driver: The name, `gpu.nvidia.com`.
        version: The version of its software, `0.5.0`.
        image: The name of the image with its software.
        api_version: The API version in which the cluster serves slices.
        layout: The arrangement of devices and counters: `one` slice with all devices; one slice `perGpu`, with its
            counters; or `countersApart`, a slice with all counters before those of the GPUs.
        groups: The devices.
        counter_sets: The counters; None if nothing is partitioned on demand.
        taints: Keys of the taints that failing devices get.
        unknown: What could not be predicted about the node's devices, in sentences; anything that a driver publishes
            beyond the prediction then contradicts nothing.
        assumes: The assumptions of the prediction, in sentences.
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
        """Whether the devices include GPUs, or parts of them, not only those of compute domains."""
        return any(group.sort not in OF_NODES for group in self.groups)

    @property
    def count(self) -> int:
        """The number of devices on a node."""
        return sum(group.count for group in self.groups)
