"""The effects on nodes of changing a component's objects, and upgrades that the vendor does not support:
`effects.yaml`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from blueprint.catalog.facts import CatalogueFile, Text
from blueprint.catalog.loader import read
from blueprint.data import data_folder
from blueprint.records import Record, field

Happens = Literal[
    "driver",
    "driver-restart",
    "network-driver",
    "runtime",
    "allocation",
    "claims",
    "mig",
    "operands",
    "confidential",
    "nodes",
    "unfit-nodes",
]
"""`driver`: the driver is replaced node by node, and GPU pods are evicted; `driver-restart`: its pod restarts in place;
`network-driver`: replaced node by node, and pods are evicted; `runtime`: the container runtime restarts; `allocation`:
no new GPUs are allocated for a moment; `claims`: the same for claims; `mig`: GPUs are repartitioned; `operands`:
monitoring pods restart; `confidential`: GPUs change their confidential mode; `nodes`: nodes are replaced;
`unfit-nodes`: nodes that can no longer be created in this way are replaced.
"""


class Effect(Record, kw_only=True):
    """The effect on nodes if one of `fields` (or anything below it) of an object of `kind` changes."""

    kind: Text
    fields: tuple[Text, ...]
    happens: Happens
    source: Text


class Installer(Record, kw_only=True):
    """A DaemonSet, `Kind/name`, that installs a runtime on nodes with a label and removes it from others.

    `what` is what it installs; `notes` describe further consequences.
    """

    object: Text
    label: Text
    what: Text
    notes: tuple[Text, ...] = ()
    source: Text


class Majors(Record, kw_only=True):
    """The major versions in order. Upgrades are supported only to the next one."""

    names: tuple[Text, ...]
    source: Text

    def of(self, version: str) -> str | None:
        """The major version that a version belongs to: `26.7` for `v26.7.0`."""
        number = version.removeprefix("v")
        return next((name for name in self.names if number == name or number.startswith(f"{name}.")), None)


class Exclusive(Record, kw_only=True):
    """Mutually exclusive kinds, or objects as `Kind/name`: a cluster may have only one of them, and cannot switch in
    place.

    `allocators` are workloads of which only one may run on a node, each with the container that allocates GPUs.
    """

    kinds: tuple[Text, ...]
    allocators: Mapping[Text, Text] = field(default_factory=dict)
    source: Text

    def allocator(self, kind: str, name: str) -> str | None:
        """The key of an allocator; None for other objects."""
        return key if (key := f"{kind}/{name}") in self.allocators else None

    def key(self, kind: str, name: str) -> str | None:
        """The key of an exclusive object; None for other objects."""
        return next((one for one in self.kinds if one in (kind, f"{kind}/{name}")), None)


class Handover(Record, kw_only=True):
    """A field that hands the drivers over to other objects. It must not change in the same step as an upgrade to
    `since`.
    """

    kind: Text
    field: Text
    since: Text
    source: Text


class Effects(CatalogueFile, kw_only=True):
    """The whole file of one component. `node_pools` is the kind of its objects from which nodes are created."""

    component: Text
    effects: tuple[Effect, ...]
    installers: tuple[Installer, ...] = ()
    majors: Majors | None = None
    exclusive: Exclusive | None = None
    handover: Handover | None = None
    node_pools: Text | None = None


@cache
def load_effects() -> tuple[Effects, ...]:
    """The effects of all components that have any. Raises Refused (BP3901) if a file is invalid."""
    return tuple(read(file, Effects) for file in sorted(data_folder("components").glob("*/effects.yaml")))
