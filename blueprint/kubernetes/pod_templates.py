"""The paths at which objects describe pods: one table for built-in workloads and for those of common operators."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Annotated, Any

from blueprint.catalog.facts import CatalogueFile, Matching
from blueprint.catalog.loader import read
from blueprint.records import Record
from blueprint.source.paths import Path

Pattern = Annotated[
    str,
    Matching(r"[A-Za-z]+(\[\]|\{\})?(\.[A-Za-z]+(\[\]|\{\})?)*", "a dotted path with [] for items and {} for entries"),
]
Versioned = Annotated[str, Matching(r"([a-z0-9.-]+/)?v[0-9a-z]+ [A-Z][A-Za-z]+", "apiVersion and kind")]


_INHERITED = ("affinity", "nodeSelector", "schedulerName", "serviceAccountName", "tolerations", "volumes")


class PodPlace(Record, kw_only=True):
    """One path of a kind at which pods are described.

    Attributes:
        at: The path of the pod specification.
        number: Fields whose product is the number of such pods; missing ones count as one.
        besides: A pod described elsewhere that the last of these numbers also counts.
        claims: Names of volumes that the controller adds for claims.
        adds: Further volumes that the controller adds.
        container: A field of the pod specification that is also a container.
        only: Whether what has no such field is no pod.
        inherits: An object above whose fields for pods also apply.
        completed: What others may add to the pod: `image`, `resources`, `volumes`.
    """

    at: Pattern
    number: tuple[Pattern, ...] = ()
    besides: Pattern | None = None
    claims: Pattern | None = None
    adds: tuple[str, ...] = ()
    container: str | None = None
    only: bool = False
    inherits: Pattern | None = None
    completed: tuple[str, ...] = ()


class AssembledPod(Record, kw_only=True):
    """A pod that a controller assembles from several fields; no object contains it as a whole.

    Attributes:
        container: The container, except for its name.
        resources: The field of the container with its resources.
        patched: What is merged into the pod specification.
        number: The number of such pods.
    """

    container: Pattern
    resources: str
    patched: Pattern
    number: Pattern


class PodTemplates(CatalogueFile, kw_only=True):
    """The table.

    Attributes:
        places: The paths at which pods are described.
        assembled: Kinds whose pods are assembled.
        cluster_wide: Kinds whose pods run in the namespace of the object that uses them.
        completed_containers: Names of containers in files of `kind: Pod` to which a program adds the image.
    """

    places: Mapping[Versioned, tuple[PodPlace, ...]]
    assembled: Mapping[Versioned, AssembledPod] = {}
    cluster_wide: tuple[str, ...] = ()
    completed_containers: tuple[str, ...] = ()


class PodTemplate(Record):
    """A pod specification inside an object.

    Attributes:
        path: Its path.
        spec: The specification.
        number: The number of such pods, as far as declared.
        added: Names of volumes that its controller adds.
        container: A field of the specification that is a container outside of the list.
        completed: What others may add: `image`, `resources`, `volumes`.
    """

    path: Path
    spec: Mapping[str, Any]
    number: int = 1
    added: frozenset[str] = frozenset()
    container: str | None = None
    completed: tuple[str, ...] = ()


@cache
def _table() -> PodTemplates:
    return read(FilePath(__file__).with_name("pod_templates.yaml"), PodTemplates)


@cache
def pod_kinds() -> frozenset[str]:
    """All kinds that describe pods, in any group."""
    return frozenset(key.partition(" ")[2] for key in _table().places)


def runs_elsewhere(kind: str) -> bool:
    """Whether objects of the kind have no namespace, and their pods run in that of the object that uses them."""
    return kind in _table().cluster_wide


@cache
def completed_containers() -> frozenset[str]:
    """Names of containers to which Spark or Jenkins adds the image, in files of `kind: Pod`."""
    return frozenset(_table().completed_containers)


def pod_templates(data: Mapping[str, Any]) -> Iterator[PodTemplate]:
    """All pod specifications inside an object."""
    for place in _table().places.get(f"{data.get('apiVersion')} {data.get('kind')}", ()):
        specs = [(path, spec) for path, spec in _found(data, place.at) if isinstance(spec, Mapping)]
        if place.only:
            specs = [(path, spec) for path, spec in specs if place.container in spec]
        if specs:
            claims = [name for _, name in _found(data, place.claims) if isinstance(name, str)] if place.claims else ()
            added = frozenset((*claims, *place.adds))
            factors = [_factor(data, place, pattern) for pattern in place.number]
            for path, spec in specs:
                whole = _with_inherited(data, place.inherits, spec) if place.inherits else spec
                yield PodTemplate(path, whole, _number(factors, path), added, place.container, place.completed)


def _with_inherited(data: Mapping[str, Any], pattern: Pattern, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The pod with what it has from the object above it. Items of its own lists come first, where their paths find
    them.
    """
    above = next((value for _, value in _found(data, pattern) if isinstance(value, Mapping)), {})
    whole = {**{key: above[key] for key in _INHERITED if key in above}, **spec}
    for key in _INHERITED:
        own, inherited = spec.get(key), above.get(key)
        if isinstance(own, list) and isinstance(inherited, list):
            whole[key] = [*own, *inherited]
    return whole


def assembled_pod(data: Mapping[str, Any]) -> PodTemplate | None:
    """The pod that a controller assembles, as far as the object determines it; None for other kinds."""
    how = _table().assembled.get(f"{data.get('apiVersion')} {data.get('kind')}")
    path, given = next(iter(_found(data, how.container)), ((), None)) if how else ((), None)
    if how is None or not isinstance(given, Mapping):
        return None
    spec: dict[str, Any] = {}
    for _, patch in _found(data, how.patched):
        spec |= patch if isinstance(patch, Mapping) else {}
    patched = next((each for each in spec.get("containers") or () if isinstance(each, Mapping)), {})
    own = {key: given[key] for key in ("image", "command", "args", "env") if key in given}
    container = {"name": "main", **patched, **own, "resources": given.get(how.resources) or {}}
    number = next((value for _, value in _found(data, how.number) if isinstance(value, int)), 1)
    return PodTemplate(path, {**spec, "containers": [container]}, number)


def _factor(data: Mapping[str, Any], place: PodPlace, pattern: str) -> dict[Path, int]:
    """The values of a field by the path of what it stands in, without the pod that is described elsewhere."""
    less = pattern == place.number[-1] and any(_found(data, place.besides or ""))
    found: dict[Path, int] = {}
    for path, value in _found(data, pattern):
        found[path[:-1]] = found.get(path[:-1], 1) * (value - less if isinstance(value, int) else 1)
    return found


def _number(factors: list[dict[Path, int]], path: Path) -> int:
    """The product of the fields, in the same items and entries as the path."""
    product = 1
    for each in factors:
        product *= each.get(path[: len(next(iter(each), ()))], 1)
    return product


def _found(data: Any, pattern: str) -> list[tuple[Path, Any]]:
    """All values that match the pattern."""
    reached: list[tuple[Path, Any]] = [((), data)] if pattern else []
    for name, within in _steps(pattern):
        inside = [((*path, name), value[name]) for path, value in reached if isinstance(value, dict) and name in value]
        if within == "[]":
            inside = [
                ((*path, i), each) for path, value in inside if isinstance(value, list) for i, each in enumerate(value)
            ]
        elif within == "{}":
            inside = [
                ((*path, k), each) for path, value in inside if isinstance(value, dict) for k, each in value.items()
            ]
        reached = inside
    return reached


@cache
def _steps(pattern: str) -> tuple[tuple[str, str], ...]:
    """The names in a pattern, each with `[]`, `{}` or an empty suffix."""
    return tuple((step.rstrip("[]{}"), step[len(step.rstrip("[]{}")) :]) for step in pattern.split("."))
