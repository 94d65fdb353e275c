"""The fields of one kind according to the API: which are quantities, how lists are keyed, and which are map keys.

Built-in kinds use the schema of their Kubernetes minor version, custom resources the CRD in the bundle. Without either,
nothing is assumed: values are compared literally.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from blueprint.bundle.model import Bundle, Object, Path
from blueprint.kubernetes.api import DEFINITION, Kubernetes, known_minors, load_kubernetes
from blueprint.records import Record, field
from blueprint.versions import minor_of

Node = Mapping[str, Any]

_NOTHING: Node = {}


class Place(Record):
    """One field as defined in the API. `within` are the definitions that contain it, each with the path from there.

    The paths are dotted, without list indices: `[("core.v1.PodSpec", "containers.ports.protocol"), ...]`, the outermost
    first. A map key ends every path, because the types of single keys are unknown.
    """

    node: Node = field(default_factory=dict)
    within: tuple[tuple[str, str], ...] = ()
    is_key: bool = False


class Shape:
    """The fields of one kind, by path. `builtin`: the API server itself defines the kind."""

    def __init__(self, root: Node, definitions: Mapping[str, Node], *, builtin: bool) -> None:
        self.builtin = builtin
        self._definitions = definitions
        node, name = self._resolved(root)
        self._places: dict[Path, Place] = {(): Place(node, ((name, ""),) if name else ())}

    def at(self, path: Path) -> Place:
        """The field at a path; without a node if the schema does not define it."""
        found = self._places.get(path)
        if found is None:
            found = self._places[path] = self._below(self.at(path[:-1]), path[-1])
        return found

    def is_quantity(self, path: Path) -> bool:
        """Whether the API server stores the value as a quantity, and therefore normalizes it."""
        return self.builtin and self.at(path).node.get("format") == "quantity"

    def is_field(self, path: Path) -> bool:
        """Whether this is a field of a built-in type, in which an empty value may equal a missing one."""
        place = self.at(path)
        return self.builtin and bool(place.node) and not place.is_key

    def list_keys(self, path: Path) -> tuple[str, ...]:
        """The fields that identify the items of a list; empty if the schema declares none."""
        return tuple(self.at(path).node.get("x-kubernetes-list-map-keys") or ())

    def is_atomic(self, path: Path) -> bool:
        """Whether a list or a map is owned as a whole, which is the default for lists."""
        node = self.at(path).node
        if node.get("type") == "array":
            return bool(node.get("x-kubernetes-list-type", "atomic") == "atomic")
        return bool(node.get("x-kubernetes-map-type") == "atomic")

    def is_set(self, path: Path) -> bool:
        """Whether a list is a set of scalars."""
        return self.at(path).node.get("x-kubernetes-list-type") == "set"

    def _resolved(self, node: Any) -> tuple[Node, str]:
        if not isinstance(node, Mapping):
            return _NOTHING, ""
        if reference := node.get("$ref"):
            name = str(reference).removeprefix(DEFINITION)
            node = {**self._definitions.get(name, _NOTHING), **{k: v for k, v in node.items() if k != "$ref"}}
            return node, name.removeprefix("io.k8s.").removeprefix("api.")
        return node, ""

    def _below(self, place: Place, step: str | int) -> Place:
        if isinstance(step, int):
            node, name = self._resolved(place.node.get("items"))
            return Place(node, (*place.within, (name, "")) if name else place.within)
        properties = place.node.get("properties") or _NOTHING
        if step not in properties:
            others = place.node.get("additionalProperties")
            node, name = self._resolved(others)
            is_key = bool(others or place.node.get("x-kubernetes-preserve-unknown-fields"))
            if is_key:
                return Place(node, ((name, ""),) if name else (), is_key)
        node, name = self._resolved(properties.get(step))
        within = tuple((outer, f"{way}.{step}" if way else step) for outer, way in place.within)
        return Place(node, (*within, (name, "")) if name else within)


_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
UNKNOWN = Shape(_NOTHING, _NOTHING, builtin=False)
"""The shape of a kind without a known schema."""


def shape_of(obj: Object, bundle: Bundle) -> Shape:
    """The shape of an object's kind, from Kubernetes' own schema or from the CRD in its bundle."""
    return builtin_shape(obj.api_version, obj.id.kind, bundle.kubernetes) or _custom(obj, bundle)


@cache
def builtin_shape(api_version: str, kind: str, kubernetes: str) -> Shape | None:
    """The shape of a kind that the API server itself serves. `kubernetes` is its version, `1.36.3`."""
    api = _api(kubernetes)
    found = api.find(api_version, kind)
    if found is None:
        return None
    return Shape({"$ref": DEFINITION + found.definition}, api.definitions, builtin=True)


def _api(kubernetes: str) -> Kubernetes:
    """The API of a version. The newest schema is used for minor versions without one."""
    minor = minor_of(kubernetes)
    return load_kubernetes(minor if minor in known_minors() else known_minors()[-1])


def _custom(obj: Object, bundle: Bundle) -> Shape:
    """The shape according to the CRD, if it is in the bundle. Metadata always has Kubernetes' own schema."""
    definitions = _api(bundle.kubernetes).definitions
    schema = next(_schemas(obj, bundle), _NOTHING)
    properties = {**(schema.get("properties") or _NOTHING), "metadata": {"$ref": DEFINITION + _META}}
    return Shape({**schema, "properties": properties}, definitions, builtin=False)


def _schemas(obj: Object, bundle: Bundle) -> Iterator[Node]:
    version = obj.api_version.rpartition("/")[2]
    for other in bundle.objects:
        if other.id.kind == "CustomResourceDefinition":
            spec = other.data["spec"]
            if (spec.get("group"), (spec.get("names") or {}).get("kind")) == (obj.id.group, obj.id.kind):
                yield from (v["schema"]["openAPIV3Schema"] for v in spec["versions"] if v["name"] == version)
