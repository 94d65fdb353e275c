"""Rendered Kubernetes objects with the provenance of each field, and the bundle that contains them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import orjson

from blueprint.diagnostics import Span
from blueprint.platform.nodes.taints import Taint
from blueprint.platform.tracking.sources import Source, Sources, first_source, flatten, line_to_change
from blueprint.probe.expectations import Expectation
from blueprint.records import Record, field
from blueprint.source.paths import Path

if TYPE_CHECKING:
    from blueprint.platform.dra.published import Publication

__all__ = [
    "USERS",
    "Bundle",
    "BundleFact",
    "BundlePool",
    "FieldOrigin",
    "Object",
    "ObjectId",
    "Path",
    "Source",
    "Taint",
    "json_digest",
]

USERS = "extra-manifests"
"""The component name for users' own manifests."""


def json_digest(value: Any) -> str:
    """The first 96 bits of the SHA-256 of canonical JSON, in hexadecimal."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]


class ObjectId(Record, order=True):
    """The identity of an object: group, kind, namespace and name. The version is not part of it."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> ObjectId:
        """The identity of a manifest with apiVersion, kind and a name, or the `generateName` prefix."""
        group = str(manifest["apiVersion"]).rpartition("/")[0]
        meta = manifest["metadata"]
        name = meta["name"] if "name" in meta else f"{meta['generateName']}*"
        return cls(group, str(manifest["kind"]), str(meta.get("namespace", "")), str(name))

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


class FieldOrigin(Record, gc=False):
    """Why a field has its value: the template scalar that produced it, and everything that the scalar read."""

    template: Span
    noted: Sources = ()

    @property
    def patched(self) -> bool:
        """Whether a patch contributed. Such origins are never grouped, because a patch applies to one object."""
        return any(isinstance(each, Source) and each.layer == "patch" for each in self.noted)

    @property
    def sources(self) -> tuple[Source, ...]:
        """All contributing sources, the deciding one first."""
        return flatten(self.noted)

    @property
    def line(self) -> Source | None:
        """The source to show: a line that a user wrote, before files that ship with the tool."""
        return line_to_change(self.noted)

    @property
    def place(self) -> Span:
        """The span of that source; the template's span if there is no source."""
        return self.line.span if self.line else self.template


@dataclass(frozen=True, slots=True)
class Object:
    """One rendered object. `origins` maps every leaf, and every container that was written, to its origin.

    `data` is in the API server's canonical form: without nulls and meaningless empty values. An object is not a record,
    because objects of a stored bundle are read lazily.
    """

    data: dict[str, Any]
    component: str
    origins: Mapping[Path, FieldOrigin] = dataclasses.field(default_factory=dict, compare=False)
    _id: ObjectId | None = dataclasses.field(default=None, init=False, repr=False, compare=False)

    @property
    def id(self) -> ObjectId:
        """The identity of the object."""
        if self._id is None:
            object.__setattr__(self, "_id", ObjectId.of(self.data))
            assert self._id is not None  # noqa: S101 - just made
        return self._id

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`, ..."""
        return str(self.data["apiVersion"])

    @property
    def digest(self) -> str:
        """The digest of the manifest."""
        return json_digest(self.data)

    def origin(self, path: Path) -> FieldOrigin | None:
        """The origin of a field, or of its nearest ancestor that has one."""
        for end in range(len(path), -1, -1):
            if found := self.origins.get(path[:end]):
                return found
        return None

    def by_hand(self, path: Path) -> bool:
        """Whether a user wrote this value, in a manifest or a patch, and not this tool."""
        origin = self.origin(path)
        return self.component == USERS or (origin is not None and origin.patched)


@runtime_checkable
class KeyPlaces(Protocol):
    """Origins that also know the spans of keys, for files that are used unchanged."""

    def key_at(self, path: Path) -> Span:
        """The span of the last key of a path."""


class SourcesByKey(Mapping[str, tuple[Source, ...]]):
    """Sources by key. They are stored in groups, as recorded; reading a key expands them."""

    def __init__(self, noted: Mapping[str, Sources]) -> None:
        self.noted = noted

    def __getitem__(self, key: str) -> tuple[Source, ...]:
        return flatten(self.noted[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.noted)

    def __len__(self) -> int:
        return len(self.noted)


def noted_sources(sources: Mapping[str, tuple[Source, ...]]) -> Mapping[str, Sources]:
    """Sources by key, in the groups in which they were recorded."""
    return sources.noted if isinstance(sources, SourcesByKey) else sources


class BundlePool(Record):
    """A node pool in a bundle: how its nodes are selected, how many there are, and their labels and taints.

    `labels` and `taints` are what nodes must have (excluding the selector's labels). `sources` has one entry per key:
    `nodes`, `selector`, `labels.<key>`, `taints.<key>:<effect>`, `gpu`, `resources`, `machine`, `topology`, `slices`.
    `resources` contains what pods can request from each node, after partitioning and sharing:
    `{"nvidia.com/mig-1g.10gb": 28}`. `machine` contains the known facts of the machine, by name; `topology` the labels
    for a node's location, with the number of the pool's nodes per domain (0: any number). `slices` contains, by pool,
    what DRA drivers publish of a node. `provisioned`: nodes are created with labels and taints, whatever `node_labels`
    is.
    """

    name: str
    selector: Mapping[str, str]
    nodes_min: int
    nodes_max: int
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    gpu_product: str | None
    gpu_count: int
    sources: Mapping[str, tuple[Source, ...]]
    resources: Mapping[str, int] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    topology: Mapping[str, int] = field(default_factory=dict)
    slices: Mapping[str, tuple[Publication, ...]] = field(default_factory=dict)
    provisioned: bool = False

    @property
    def published(self) -> tuple[Publication, ...]:
        """The devices that DRA drivers publish for one of its nodes. `slices_of_node` returns it as objects."""
        return self.slices.get(self.name, ())

    def origin(self, *keys: str) -> FieldOrigin | None:
        """The sources of the first of these keys that has any, as an origin without a template."""
        noted = noted_sources(self.sources)
        found = next((noted[key] for key in keys if noted.get(key)), ())
        first = first_source(found)
        return FieldOrigin(first.span, found) if first else None

    def span(self, *keys: str) -> Span | None:
        """The span of the first of these sources."""
        origin = self.origin(*keys)
        return origin.template if origin else None


class BundleFact(Record):
    """A fact of a bundle that is not a field: a text that completes "this line decides ...", and its sources."""

    what: str
    noted: Sources

    @property
    def sources(self) -> tuple[Source, ...]:
        """All contributing sources, the deciding one first."""
        return flatten(self.noted)


class Bundle(Record):
    """The result of `compile` in memory; `render.bundle` writes and reads it as a folder.

    `objects` are in apply order. `node_labels` is `apply` or `provisioner`. `digest` is the SHA-256 of the lock and
    therefore identifies the bundle's exact content. `texts` contains the lines behind the sources, for excerpts.
    `facts` contains everything else: facts other than objects, pools and expectations.
    """

    name: str
    version: str
    release: str
    kubernetes: str
    distribution: str
    cluster_uid: str | None
    node_labels: str
    objects: tuple[Object, ...]
    pools: tuple[BundlePool, ...]
    expectations: tuple[Expectation, ...]
    digest: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    facts: Iterable[BundleFact] = ()

    def labels_nodes_of(self, pool: BundlePool) -> bool:
        """Whether an apply sets labels and taints on the nodes of a pool."""
        return self.node_labels == "apply" and not pool.provisioned
