"""What a DRA driver publishes of each device, and the classes by which claims request them: `devices.yaml`."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from blueprint.catalog.component_files.feature_gates import ClusterGate, GateName, Minor
from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.records import Record
from blueprint.versions import version_key

Sort = Literal["gpu", "mig", "vfio", "channel", "daemon"]
"""What a device is: its attribute `type`."""


class Published(Record, kw_only=True):
    """An attribute or a capacity.

    Attributes:
        of: The sorts of device that have it.
        type: Of an attribute; a capacity is a quantity.
        values: All that there is, where that is a short list.
        since: The first minor version of the driver with it; None: all.
        until: The first minor version without it; None: none.
        gate: The gate without which nobody publishes it.
        optional: The sorts of device of which some lack it.
    """

    of: tuple[Sort, ...]
    type: Literal["string", "int", "bool", "version", "quantity"] = "quantity"
    values: tuple[Text, ...] = ()
    since: Minor | None = None
    until: Minor | None = None
    gate: GateName | None = None
    optional: tuple[Sort, ...] = ()

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


class Devices(CatalogueFile, kw_only=True):
    """The catalogue: by domain and name, by class, by field."""

    source: Text
    attributes: Mapping[str, Mapping[str, Published]]
    capacities: Mapping[str, Mapping[str, Published]]
    classes: Mapping[str, DeviceClass]
    fields: Mapping[str, ClusterGate]


@lru_cache(maxsize=2)
def load_devices(folder: Path) -> Devices:
    """The devices in a component's folder. Raises Refused where the file is wrong."""
    return read(folder / "devices.yaml", Devices)
