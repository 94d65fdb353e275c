"""The devices that a DRA driver publishes, and the classes by which claims request them: `devices.yaml`."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from blueprint.catalog.component_files.feature_gates import ClusterGate, GateName, Minor
from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.hardware import Architecture, Positive
from blueprint.catalog.loader import read
from blueprint.records import Record, field
from blueprint.versions import version_key

Sort = Literal["gpu", "mig", "vfio", "channel", "daemon"]
"""The type of a device: its attribute `type`."""

Known = Literal[
    "sort", "profile", "nvmlName", "architecture", "computeCapability", "driverVersion", "deviceId", "memory", "shares",
    "multiprocessors", "copyEngines", "decoders", "encoders", "jpegEngines", "ofaEngines", "memorySlice",
]  # fmt: skip
"""The platform fact that an attribute or a capacity repeats."""


class Published(Record, kw_only=True):
    """An attribute or a capacity.

    Attributes:
        of: The types of device that have it.
        type: The type of an attribute; a capacity is a quantity.
        values: All possible values, if there are only a few.
        since: The first minor version of the driver that publishes it; None: all do.
        until: The first minor version that no longer publishes it; None: all do.
        gate: The feature gate that it requires.
        optional: The types of device on which it may be missing.
        fact: The platform fact that it repeats; None: unknown until the node exists, unless it has a `value`.
        value: Its constant value.
        only_under: By type of device, the feature gate that the type requires to have it.
        not_under: The feature gate that removes it.
        list_under: The feature gate that makes it a list.
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
    only_under: Mapping[Sort, GateName] = field(default_factory=dict)
    not_under: GateName | None = None
    list_under: GateName | None = None

    def of_sort(self, sort: Sort, version: str, gates: frozenset[str]) -> bool:
        """Whether this version of the driver publishes it for this type of device with these feature gates enabled."""
        allowed = self.only_under.get(sort) in {None, *gates} and self.not_under not in gates
        return sort in self.of and allowed and self.known_to(version, gates)

    def known_to(self, version: str, gates: frozenset[str]) -> bool:
        """Whether this version of the driver (`0.5.0`) publishes it with these feature gates enabled."""
        key = version_key(version)
        early = self.since is not None and key < version_key(self.since)
        late = self.until is not None and key >= version_key(self.until)
        return not early and not late and (self.gate is None or self.gate in gates)


class DeviceClass(Record, kw_only=True):
    """A DeviceClass that the driver installs."""

    driver: Text
    sort: Sort
    gate: GateName | None = None


class Partitions(Record, kw_only=True):
    """How the driver publishes partitions that it creates on demand.

    Attributes:
        gate: The feature gate that they require.
        counter_set: The name of the counter set of `{gpu}`.
        memory_slice: The counter for memory slice `{slice}`.
        counters_apart_from: The first Kubernetes minor version with counters and devices in separate slices.
        need_reset: Architectures whose MIG mode changes only at a reset: it stays as it was when the driver started.
    """

    gate: GateName
    counter_set: Text
    memory_slice: Text
    counters_apart_from: Minor
    need_reset: tuple[Architecture, ...]


class HealthTaints(Record, kw_only=True):
    """The taints that a driver sets on failing devices, and the feature gate that they require."""

    gate: GateName
    keys: tuple[Text, ...]


class Shares(Record, kw_only=True):
    """How devices are published whose capacity claims can share: the feature gate, the variable that configures it, and
    the step.
    """

    gate: GateName
    variable: Text
    step_mib: Positive


class Driver(Record, kw_only=True):
    """How a driver names the devices of a node and arranges them in slices.

    Attributes:
        names: Device names by type. `{gpu}` is the GPU's minor number; `{profile}`, `{id}` and `{start}` are the
            profile
            of an instance, the profile's ID, and its first memory slice.
        part: The part of the driver that must be enabled.
        memory_slice: The capacity that marks an instance as using memory slice `{slice}`.
        partitions: Partitions that are created on demand.
        taints: Taints of failing devices.
        shares: Capacity that claims can share.
        gates: By type of device, the feature gate that it requires to be published.
        hidden: By type of device, the feature gate with which it may be missing.
    """

    names: Mapping[Sort, Text]
    part: Literal["gpus", "computeDomains"] = "gpus"
    memory_slice: Text | None = None
    partitions: Partitions | None = None
    taints: HealthTaints | None = None
    shares: Shares | None = None
    gates: Mapping[Sort, GateName] = field(default_factory=dict)
    hidden: Mapping[Sort, GateName] = field(default_factory=dict)


class Devices(CatalogueFile, kw_only=True):
    """The contents of the file: by domain and name, by class, by field, by driver."""

    source: Text
    attributes: Mapping[str, Mapping[str, Published]]
    capacities: Mapping[str, Mapping[str, Published]]
    drivers: Mapping[str, Driver]
    classes: Mapping[str, DeviceClass]
    fields: Mapping[str, ClusterGate]
    profile_selector: Text


@lru_cache(maxsize=2)
def load_devices(folder: Path) -> Devices:
    """The devices in a component's folder. Raises Refused if the file is invalid."""
    return read(folder / "devices.yaml", Devices)
