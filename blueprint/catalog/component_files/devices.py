"""What a DRA driver publishes of each device, and the classes by which claims request them: `devices.yaml`."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from blueprint.catalog.component_files.feature_gates import ClusterGate, GateName, Minor
from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.hardware import Architecture, Positive
from blueprint.catalog.loader import read
from blueprint.records import Record
from blueprint.versions import version_key

Sort = Literal["gpu", "mig", "vfio", "channel", "daemon"]
"""What a device is: its attribute `type`."""

Known = Literal[
    "sort", "profile", "nvmlName", "architecture", "computeCapability", "driverVersion", "deviceId", "memory", "shares",
    "multiprocessors", "copyEngines", "decoders", "encoders", "jpegEngines", "ofaEngines", "memorySlice",
]  # fmt: skip
"""What of a platform an attribute or a capacity repeats."""


class Published(Record, kw_only=True):
    """An attribute or a capacity.

    Attributes:
        of: The sorts of device that have it.
        type: Of an attribute; a capacity is a quantity.
        values: All that there is, where that is a short list.
        since: The first minor version of the driver with it; None: all.
        until: The first minor version without it; None: none.
        gate: The feature gate without which it is not published.
        optional: The sorts of device of which some lack it.
        fact: What of the platform it repeats; None: unknown until a node is seen, unless it has a `value`.
        value: What it always is.
        only_under: By sort of device, the gate without which that sort does not have it.
        not_under: The gate with which nothing has it.
        list_under: The gate with which it is a list.
    """

    of: tuple[Sort, ...]
    type: Literal["string", "int", "bool", "version", "quantity"] = "quantity"
    values: tuple[Text, ...] = ()
    since: Minor | None = None
    until: Minor | None = None
    gate: GateName | None = None
    optional: tuple[Sort, ...] = ()
    fact: Known | None = None
    value: Text | None = None
    only_under: Mapping[Sort, GateName] = MappingProxyType({})
    not_under: GateName | None = None
    list_under: GateName | None = None

    def of_sort(self, sort: Sort, version: str, gates: frozenset[str]) -> bool:
        """Whether this version of the driver publishes it of this sort of device with these gates open."""
        allowed = self.only_under.get(sort) in {None, *gates} and self.not_under not in gates
        return sort in self.of and allowed and self.known_to(version, gates)

    def known_to(self, version: str, gates: frozenset[str]) -> bool:
        """Whether this version of the driver (`0.5.0`) publishes it with these gates open."""
        key = version_key(version)
        early = self.since is not None and key < version_key(self.since)
        late = self.until is not None and key >= version_key(self.until)
        return not early and not late and (self.gate is None or self.gate in gates)


class DeviceClass(Record, kw_only=True):
    """A class that comes with the driver."""

    driver: Text
    sort: Sort
    gate: GateName | None = None


class Partitions(Record, kw_only=True):
    """How partitions are published that are made when they are claimed.

    Attributes:
        gate: The gate without which none are.
        counter_set: The name of the set of counters of `{gpu}`.
        memory_slice: The counter of memory slice `{slice}`.
        counters_apart_from: The minor of Kubernetes from which on a slice has either counters or devices.
        need_reset: Architectures that change their MIG mode at a reset: it is as it was when the driver started.
    """

    gate: GateName
    counter_set: Text
    memory_slice: Text
    counters_apart_from: Minor
    need_reset: tuple[Architecture, ...]


class HealthTaints(Record, kw_only=True):
    """The taints that a driver gives to devices that fail, and the gate without which it gives none."""

    gate: GateName
    keys: tuple[Text, ...]


class Shares(Record, kw_only=True):
    """How devices are published of which claims take amounts: the gate, the variable that says how, and the step."""

    gate: GateName
    variable: Text
    step_mib: Positive


class Driver(Record, kw_only=True):
    """How a driver names the devices of a node and lays them out in slices.

    Attributes:
        names: By sort of device. `{gpu}` is the GPU's minor number; of an instance `{profile}`, `{id}` and `{start}`
            are its profile, the number of that, and the first memory slice.
        part: The part of the driver that must be enabled.
        memory_slice: The capacity that says that an instance has memory slice `{slice}`.
        partitions: Those that are made when they are claimed.
        taints: Of devices that fail.
        shares: Amounts of devices.
        gates: By sort of device, the gate without which none of them is published.
        hidden: By sort of device, the gate with which it may be left out.
    """

    names: Mapping[Sort, Text]
    part: Literal["gpus", "computeDomains"] = "gpus"
    memory_slice: Text | None = None
    partitions: Partitions | None = None
    taints: HealthTaints | None = None
    shares: Shares | None = None
    gates: Mapping[Sort, GateName] = MappingProxyType({})
    hidden: Mapping[Sort, GateName] = MappingProxyType({})


class Devices(CatalogueFile, kw_only=True):
    """The catalogue: by domain and name, by class, by field, by driver."""

    source: Text
    attributes: Mapping[str, Mapping[str, Published]]
    capacities: Mapping[str, Mapping[str, Published]]
    drivers: Mapping[str, Driver]
    classes: Mapping[str, DeviceClass]
    fields: Mapping[str, ClusterGate]
    profile_selector: Text


@lru_cache(maxsize=2)
def load_devices(folder: Path) -> Devices:
    """The devices in a component's folder. Raises Refused where the file is wrong."""
    return read(folder / "devices.yaml", Devices)
