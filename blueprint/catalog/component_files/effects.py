"""What changing a component's objects does to nodes, and which moves its vendor does not support: `effects.yaml`."""

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
"""`driver`: replaced node by node, GPU pods leave; `driver-restart`: its pod restarts in place; `network-driver`:
replaced node by node, pods are evicted; `runtime`: the container runtime restarts; `allocation`: no new GPUs for a
moment; `claims`: the same where pods claim them; `mig`: GPUs are repartitioned; `operands`: pods that only watch;
`confidential`: GPUs change their confidential mode; `nodes`: others take the place of nodes;
`unfit-nodes`: of those that could no longer be made so."""


class Effect(Record, kw_only=True):
    """What happens to nodes when one of `fields` (or anything under it) of an object of `kind` changes."""

    kind: Text
    fields: tuple[Text, ...]
    happens: Happens
    source: Text


class Installer(Record, kw_only=True):
    """A DaemonSet, `Kind/name`, that puts a runtime onto nodes with a label and takes it from others.

    `what` is what it puts there; `notes` say what else that means.
    """

    object: Text
    label: Text
    what: Text
    notes: tuple[Text, ...] = ()
    source: Text


class Majors(Record, kw_only=True):
    """The major versions in their order: upgrades are supported to the next one alone."""

    names: tuple[Text, ...]
    source: Text

    def of(self, version: str) -> str | None:
        """The major that a version belongs to: `26.7` for `v26.7.0`."""
        number = version.removeprefix("v")
        return next((name for name in self.names if number == name or number.startswith(f"{name}.")), None)


class Exclusive(Record, kw_only=True):
    """Kinds, or objects as `Kind/name`, of which a cluster may hold one alone; there is no way to another in place.

    `allocators` are workloads of which one alone may run on a node, each with the container that allocates GPUs.
    """

    kinds: tuple[Text, ...]
    allocators: Mapping[Text, Text] = field(default_factory=dict)
    source: Text

    def allocator(self, kind: str, name: str) -> str | None:
        """The key of an allocator; None of other objects."""
        return key if (key := f"{kind}/{name}") in self.allocators else None

    def key(self, kind: str, name: str) -> str | None:
        """Which of them an object is; None: of none."""
        return next((one for one in self.kinds if one in (kind, f"{kind}/{name}")), None)


class Handover(Record, kw_only=True):
    """A field that hands the drivers to other objects; not in the same step in which the major becomes `since`."""

    kind: Text
    field: Text
    since: Text
    source: Text


class Effects(CatalogueFile, kw_only=True):
    """The whole file of one component. `node_pools` is the kind of its objects from which nodes are made."""

    component: Text
    effects: tuple[Effect, ...]
    installers: tuple[Installer, ...] = ()
    majors: Majors | None = None
    exclusive: Exclusive | None = None
    handover: Handover | None = None
    node_pools: Text | None = None


@cache
def load_effects() -> tuple[Effects, ...]:
    """The effects of every component that has any. Raises Refused (BP3901) where a file is wrong."""
    return tuple(read(file, Effects) for file in sorted(data_folder("components").glob("*/effects.yaml")))
