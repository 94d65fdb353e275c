"""Renders templates to objects, with the exact origin of every field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import FieldOrigin
from blueprint.diagnostics import Span
from blueprint.platform.components.pod_settings import PerKey
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Source, SourceGroup, Sources, by_relevance
from blueprint.records import MutableRecord, field
from blueprint.render.expressions import OMIT, ExpressionError, TemplateExpression
from blueprint.render.template import Branch, Items, Scalar, Template, template_failed
from blueprint.source.paths import Path

Context = Mapping[str, Any]


class Rendered(MutableRecord):
    """One rendered document."""

    data: Any
    origins: dict[Path, FieldOrigin]


def render(template: Template, context: Context) -> Iterator[Rendered]:
    """All documents of a template: none, one, or one for each iteration of a `$for` at its root.

    Raises Refused (exit 70) if an expression fails: resolve() has accepted something invalid.
    """
    if not isinstance(template, Branch):
        raise template_failed(template.span, "a template must be a mapping")
    turns, sources = _turns(template, context)
    for turn in turns:
        rendering = _Rendering()
        data = rendering.branch(template, turn, (), sources)
        if data is not OMIT:
            yield Rendered(data, rendering.origins)


def _turns(node: Template, context: Context) -> tuple[list[Context], Sources]:
    """The context of each iteration of the node's loop, and the sources of the loop itself."""
    if not isinstance(node, Branch) or node.loop is None:
        return [context], ()
    items, sources = _evaluated(node.loop.expression, context, node.loop.span)
    return [{**context, node.loop.variable: item} for item in items], sources


def _evaluated(expression: TemplateExpression, context: Context, span: Span) -> tuple[Any, Sources]:
    try:
        with recording() as sources:
            value = expression(context)
            if hasattr(value, "__next__"):
                value = list(value)
    except ExpressionError as error:
        raise template_failed(span, str(error)) from error
    return value, tuple(sources)


class _Rendering(MutableRecord):
    """Renders one document, and records the origin of each field."""

    origins: dict[Path, FieldOrigin] = field(default_factory=dict)

    def value(self, node: Template, context: Context, path: Path) -> Any:
        """The value of a node, or OMIT."""
        if isinstance(node, Scalar):
            return self.scalar(node, context, path)
        if isinstance(node, Items):
            return self.items(node, context, path)
        return self.branch(node, context, path, ())

    def scalar(self, node: Scalar, context: Context, path: Path) -> Any:
        """A constant or an evaluated expression."""
        if node.expression is None:
            self.origins[path] = FieldOrigin(node.span)
            return OMIT if node.constant is None else node.constant
        value, sources = _evaluated(node.expression, context, node.span)
        self.origins[path] = FieldOrigin(node.span, by_relevance(sources))
        if isinstance(value, PerKey):
            return self.by_key(value, node.span, path)
        return OMIT if value is None or value is OMIT else _json(value, node.span)

    def branch(self, node: Branch, context: Context, path: Path, decided_by: Sources) -> Any:
        """A mapping, or its `value`. OMIT if its condition is false or it becomes empty."""
        if node.condition is not None:
            assert node.condition.expression  # noqa: S101 - $if is always an expression
            holds, sources = _evaluated(node.condition.expression, context, node.condition.span)
            decided_by = (*decided_by, *sources)
            if not holds:
                self.origins[path] = FieldOrigin(node.span, by_relevance(decided_by))
                return OMIT
        if node.value is not None:
            value = self.value(node.value, context, path)
            self.decided(path, decided_by)
            return value
        self.origins[path] = FieldOrigin(node.span, by_relevance(decided_by))
        data: dict[str, Any] = {}
        if node.merge is not None:
            self.merged(node.merge, context, path, data)
        for key_node, child in node.entries:
            key, sources = self.key(key_node, context)
            value = self.value(child, context, (*path, key))
            self.decided((*path, key), sources)
            if value is not OMIT:
                data[key] = value
        return data if data or not (node.entries or node.merge) else OMIT

    def key(self, node: Scalar, context: Context) -> tuple[str, Sources]:
        """A key, which may also be an expression, and its sources."""
        if node.expression is None:
            return str(node.constant), ()
        key, sources = _evaluated(node.expression, context, node.span)
        return str(key), sources

    def decided(self, path: Path, sources: Sources) -> None:
        """Add sources to a field that already has an origin."""
        if sources:
            known = self.origins[path]
            self.origins[path] = FieldOrigin(
                known.template, tuple(dict.fromkeys((*known.noted, *by_relevance(sources))))
            )

    def merged(self, node: Scalar, context: Context, path: Path, data: dict[str, Any]) -> None:
        """Add the entries of a mapping expression to `data`."""
        assert node.expression  # noqa: S101 - $merge is always an expression
        value, sources = _evaluated(node.expression, context, node.span)
        if not isinstance(value, Mapping):
            raise template_failed(node.span, "$merge takes a mapping")
        if isinstance(value, PerKey):
            self.decided(path, sources)
            data |= self.by_key(value, node.span, path)
            return
        for key, item in value.items():
            data[key] = _json(item, node.span)
            self.origins[(*path, key)] = FieldOrigin(node.span, by_relevance(sources))

    def by_key(self, value: PerKey, span: Span, path: Path) -> dict[str, Any]:
        """The values of a map, each with its own sources."""
        found: dict[str, Any] = {}
        for key in value:
            with recording() as own:
                found[key] = _json(value[key], span)
            self.origins[(*path, key)] = FieldOrigin(span, by_relevance(own))
        return found

    def items(self, node: Items, context: Context, path: Path) -> Any:
        """A list; items with `$for` are repeated, items with a false `$if` are omitted."""
        found: list[Any] = []
        decided_by: list[Source | SourceGroup] = []
        for item in node.items:
            turns, sources = _turns(item, context)
            decided_by += sources
            for turn in turns:
                at = (*path, len(found))
                value = self.branch(item, turn, at, sources) if isinstance(item, Branch) else self.value(item, turn, at)
                if value is not OMIT:
                    found.append(value)
                elif at in self.origins:
                    decided_by += self.origins.pop(at).noted  # omitting it shifts the following items
        self.origins[path] = FieldOrigin(node.span, by_relevance(decided_by))
        return found if found or not node.items else OMIT


def _json(value: Any, span: Span) -> Any:
    """The value as JSON: tuples become lists. A value that is not JSON is an error in the template."""
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _json(item, span) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_json(item, span) for item in value]
    raise template_failed(span, f"the value is a {type(value).__name__}, which YAML cannot represent")
