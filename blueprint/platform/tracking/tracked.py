"""Tracked models: a read-only view of the blueprint that records the source of every field read from it.

`track` wraps the blueprint; `tracked_property` marks a property of the platform that is computed once, and whose
sources are recorded on every read. A template expression evaluated under `recording()` therefore knows every line that
contributed to its value, however indirectly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from blueprint.catalog.facts import Fact
from blueprint.diagnostics import Span
from blueprint.platform.tracking.recorder import record
from blueprint.platform.tracking.sources import Source
from blueprint.source.merge import Node
from blueprint.source.paths import Path, format_path

_SCALARS = (str, int, float)
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


def read_fact(fact: Fact[T], layer: str = "hardware") -> T:
    """The value of a catalogue fact, recorded."""
    record(Source(layer, fact.span, fact.path))
    return fact.value


class Origins:
    """The sources of the blueprint's values, by path."""

    def __init__(self, root: Node, known: Mapping[Path, tuple[Source, ...]] | None = None) -> None:
        self.root = root
        self._elsewhere = known or {}
        self._known: dict[Path, Source] = {}

    def source(self, path: Path) -> Source:
        """The source of the value at `path`; for a default, its nearest written ancestor."""
        if path not in self._known:
            node, where = self.root.nearest(path)
            written = where == path or not isinstance(node.value, dict | list)  # `nodes: 4` sets min and max
            layer = node.layer.kind if written else "default"
            self._known[path] = Source(layer, _place(node), format_path(self._own(node, where) if written else path))
        return self._known[path]

    def _own(self, node: Node, path: Path) -> Path:
        """The path under which a value was written, which for inherited values is in `poolDefaults`."""
        if path[:2] != ("spec", "nodePools"):
            return path
        shared = ("spec", "poolDefaults", *path[3:])
        return shared if node is self.root.get(shared) else path

    def sources(self, path: Path) -> tuple[Source, ...]:
        """All sources of a value: one line, or several for values derived from other lines and the catalogue."""
        return self._elsewhere.get(path) or (self.source(path),)

    def key(self, path: Path) -> Span:
        """The span of the last key of `path`, or of its nearest ancestor."""
        node, _ = self.root.nearest(path)
        return node.key_span or node.span


def _place(node: Node) -> Span:
    return node.span if not isinstance(node.value, dict) else (node.key_span or node.span)


def track(model: M, origins: Origins, path: Path = ()) -> M:
    """A view of the model that records every field read from it. Scalars and lists of scalars are returned unchanged.

    The view has only the fields of `M`, and is typed as `M`.
    """
    return cast("M", Tracked(model, origins, path))


class Tracked:
    """A read-only view of a model or a mapping that records its reads."""

    __slots__ = ("_origins", "_path", "_value")

    def __init__(self, value: Any, origins: Origins, path: Path) -> None:
        self._value = value
        self._origins = origins
        self._path = path

    def __getattr__(self, name: str) -> Any:
        value = self._value
        if isinstance(value, BaseModel):
            return self._read(getattr(value, name), _key(type(value), name))
        return {"items": self._items, "values": self._values, "get": self._get}[name]

    def __getitem__(self, key: str) -> Any:
        return self._read(self._value[key], key)

    def __contains__(self, key: str) -> bool:
        record(self._origins.source((*self._path, key)))
        return key in self._value

    def __iter__(self) -> Iterator[str]:
        for key in self._value:
            record(self._origins.source((*self._path, key)))
            yield key

    def __bool__(self) -> bool:
        return isinstance(self._value, BaseModel) or len(self) > 0

    def __len__(self) -> int:
        record(self._origins.source(self._path))
        return len(self._value)

    def _items(self) -> list[tuple[str, Any]]:
        return [(key, self[key]) for key in self]

    def _values(self) -> list[Any]:
        return [self[key] for key in self]

    def _get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 - this is that method

    def _read(self, value: Any, step: str | int) -> Any:
        path = (*self._path, step)
        record(*self._origins.sources(path))
        if value is None or isinstance(value, _SCALARS):  # most are, and checking for Mapping takes far longer
            return value
        if isinstance(value, BaseModel | Mapping):
            return Tracked(value, self._origins, path)
        if isinstance(value, tuple):
            inner = Tracked(value, self._origins, path)
            return tuple(inner._read(item, index) for index, item in enumerate(value))
        return value


@cache
def _key(model: type[BaseModel], name: str) -> str:
    """The key of a field of a model in the document. Raises KeyError."""
    return model.model_fields[name].alias or name


def plain(value: Any) -> Any:
    """The plain value of a tracked one, with all leaves recorded."""
    if isinstance(value, Tracked):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
