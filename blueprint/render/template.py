"""Parses a template file to a tree, with the expressions and the positions of `$for`, `$if` and `$merge`.

Templates are YAML: any editor can read them, and every rendered field has an exact template position.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path as FilePath
from typing import Any

from blueprint.data import is_shipped, shown
from blueprint.diagnostics import Diagnostic, Refused, Span
from blueprint.diagnostics.codes import INTERNAL_ERROR
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.render import expressions
from blueprint.render.expressions import TemplateExpression, compile_expression, compile_text
from blueprint.source.document import Document, Marks
from blueprint.source.shipped import ShippedResults, shipped_documents

_EXACT = lazy_pattern(r"\s*\{\{((?:(?!\}\}).)*)\}\}\s*", re.DOTALL)
_CONDITIONS = {"$if": "condition", "$merge": "merge"}
_FOR = lazy_pattern(r"\s*([A-Za-z_]\w*)\s+in\s+(.+)", re.DOTALL)


_TEMPLATES = ShippedResults("templates", __file__, expressions.__file__)


class Scalar(Record):
    """A constant or an expression. A lone expression keeps its type; a text with embedded expressions becomes a
    string.
    """

    span: Span
    constant: Any = None
    expression: TemplateExpression | None = None


class Loop(Record):
    """`$for: variable in expression`."""

    variable: str
    expression: TemplateExpression
    span: Span


class Branch(Record):
    """A mapping. `loop` and `condition` apply to the whole mapping; `value`, if set, replaces it."""

    span: Span
    entries: tuple[tuple[Scalar, Any], ...] = ()
    loop: Loop | None = None
    condition: Scalar | None = None
    merge: Scalar | None = None
    value: Any = None


class Items(Record):
    """A list."""

    span: Span
    items: tuple[Any, ...]


Template = Scalar | Branch | Items


def load_template(file: FilePath) -> tuple[Template, ...]:
    """The documents of a template file. Raises Refused (exit 70) for a broken template, which is a bug."""
    return _parsed(file, file.read_bytes())


@lru_cache(maxsize=512)
def _parsed(file: FilePath, content: bytes) -> tuple[Template, ...]:
    """Cached by content, because a process that compiles several blueprints reads the same templates."""
    return _TEMPLATES.get(shown(file), content, partial(_nodes, file, content), partial(is_shipped, file))


def _nodes(file: FilePath, content: bytes) -> tuple[Template, ...]:
    documents = shipped_documents(file, content)
    return tuple(_node(each, each.data, each.marks, None) for each in documents if each.marks)


def _node(document: Document, data: Any, marks: Marks, key: Span | None) -> Template:
    """A node with its descendants; `key` is the span of its key."""
    start, end, children = marks
    if isinstance(data, Mapping):
        return _branch(document, data, children, key or _first(document.span_of(start, end)))
    if isinstance(data, list):
        items = (_node(document, item, child, None) for item, child in zip(data, children, strict=True))
        return Items(key or _first(document.span_of(start, end)), tuple(items))
    return _scalar(data, document.span_of(start, end))


def _first(span: Span) -> Span:
    """The first character of a collection without a key."""
    return span._replace(end_line=span.line, end_column=span.column + 1)


def _scalar(data: Any, span: Span) -> Scalar:
    if not isinstance(data, str) or ("{{" not in data and "{%" not in data):
        return Scalar(span, constant=data)
    exact = _EXACT.fullmatch(data)
    make: Callable[[str], TemplateExpression] = compile_expression if exact else compile_text
    return Scalar(span, expression=_compiled(make, exact[1] if exact else data, span))


def _compiled(make: Callable[[str], TemplateExpression], text: str, span: Span) -> TemplateExpression:
    try:
        return make(text)
    except ValueError as error:
        raise template_failed(span, str(error)) from error


def template_failed(span: Span, reason: str) -> Refused:
    """The refusal for a template that cannot be compiled or evaluated."""
    return Refused(Diagnostic(INTERNAL_ERROR, f"template failed: {reason}", at=span), exit_code=70)


def _branch(document: Document, data: Mapping[str, Any], children: Mapping[str, Any], place: Span) -> Branch:
    entries: list[tuple[Scalar, Any]] = []
    control: dict[str, Any] = {}
    for key, value in data.items():
        start, end, marks = children[key]
        at = document.span_of(start, end)
        span = document.span_of(*marks[:2])
        if key == "$for":
            control["loop"] = _loop(str(value), span)
        elif key in _CONDITIONS:
            expression = _compiled(compile_expression, str(value), span)
            control[_CONDITIONS[key]] = Scalar(span, expression=expression)
        elif key == "$value":
            control["value"] = _node(document, value, marks, at)
        elif key.startswith("$"):
            raise template_failed(at, f"unknown control key {key}")
        else:
            entries.append((_scalar(key, at), _node(document, value, marks, at)))
    return Branch(place, tuple(entries), **control)


def _loop(text: str, span: Span) -> Loop:
    match = _FOR.fullmatch(text)
    if match is None:
        raise template_failed(span, f"$for takes 'variable in expression', not {text}")
    return Loop(match[1], _compiled(compile_expression, match[2], span), span)
