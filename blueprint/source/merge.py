"""Merges documents by rank. Every value retains its location and the values that it replaced.

Maps are merged by key, scalars and lists are replaced, `null` removes. There are no identity keys because pools and
tenants are maps. The result is a tree of nodes: `plain(node)` returns plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from blueprint.diagnostics import Span
from blueprint.records import MutableRecord, Record, replace
from blueprint.source.document import Document
from blueprint.source.paths import Path


class Layer(Record):
    """One contributing document. `kind` is `blueprint`, `overlay` or `set`; a higher `rank` takes precedence."""

    name: str
    kind: str
    rank: int


class Node(MutableRecord):
    """A value with its history. `value` is a dict or list of nodes, or a scalar.

    `replaced` is the value of a lower layer, and its `replaced` that of the next lower one. For a map, `key_span` and
    `span` are those of the highest layer that wrote it.
    """

    value: Any
    span: Span
    layer: Layer
    key_span: Span | None = None
    replaced: Node | None = None

    def get(self, path: Path) -> Node | None:
        """The node at `path`, or None."""
        here, where = self.nearest(path)
        return here if len(where) == len(path) else None

    def nearest(self, path: Path) -> tuple[Node, Path]:
        """The node at `path` or its nearest ancestor, and its path."""
        here = self
        for depth, step in enumerate(path):
            value, below = here.value, None
            if isinstance(value, dict):
                below = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                below = value[step]
            if below is None:
                return here, path[:depth]
            here = below
        return here, path

    def walk(self, at: Path = ()) -> Iterator[tuple[Path, Node]]:
        """All nodes with their paths, containers before their contents."""
        yield at, self
        if isinstance(self.value, dict):
            for key, node in self.value.items():
                yield from node.walk((*at, key))
        elif isinstance(self.value, list):
            for index, node in enumerate(self.value):
                yield from node.walk((*at, index))


class Disagreement(Record):
    """Two layers of the same rank that set one value differently."""

    path: Path
    first: Node
    second: Node


def nodes_of(document: Document, layer: Layer) -> Node:
    """The document's values as nodes of one layer."""
    return _node(document, document.data, document.marks, layer, None)


def _node(document: Document, data: Any, marks: Any, layer: Layer, key_span: Span | None) -> Node:
    start, end, children = marks
    value: Any = data
    if isinstance(data, dict):
        value = {
            key: _node(document, item, children[key][2], layer, document.span_of(*children[key][:2]))
            for key, item in data.items()
        }
    elif isinstance(data, list):
        value = [_node(document, item, child, layer, None) for item, child in zip(data, children, strict=True)]
    return Node(value, document.span_of(start, end), layer, key_span)


def plain(node: Node) -> Any:
    """The plain values of a tree of nodes."""
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def merge(low: Node, high: Node, disagreements: list[Disagreement], at: Path = ()) -> Node:
    """`high` merged over `low`. Neither is modified. Layers of the same rank that differ are added to
    `disagreements`.
    """
    if not (isinstance(low.value, dict) and isinstance(high.value, dict)):
        if low.layer.rank == high.layer.rank and plain(low) != plain(high):
            disagreements.append(Disagreement(at, low, high))
        return replace(high, replaced=low)
    merged = dict(low.value)
    for key, node in high.value.items():
        below = merged.get(key)
        merged[key] = node if below is None else merge(below, node, disagreements, (*at, key))
    return replace(high, value=merged, replaced=low)


def remove_nulls(
    node: Node, at: Path = (), verbatim: Callable[[Path], bool] = lambda _: False
) -> Iterator[tuple[Path, Node]]:
    """Remove all map entries that are null, in place. Yields those that had nothing below to remove.

    Values at or below a `verbatim` path stay unchanged.
    """
    if verbatim(at):
        return
    if isinstance(node.value, dict):
        for key, item in list(node.value.items()):
            if item.value is None:
                if item.replaced is None:
                    yield (*at, key), item
                del node.value[key]
            else:
                yield from remove_nulls(item, (*at, key), verbatim)
    elif isinstance(node.value, list):
        for index, item in enumerate(node.value):
            yield from remove_nulls(item, (*at, index), verbatim)
