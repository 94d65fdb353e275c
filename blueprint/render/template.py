"""A template file as a tree: which scalars are expressions, where `$for`, `$if` and `$merge` stand.

Templates are YAML: any editor can read them, and every rendered field has an exact template position.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from blueprint.data import shown
from blueprint.diagnostics import Diagnostic, Refused, Span
from blueprint.diagnostics.codes import INTERNAL_ERROR
from blueprint.render.expressions import Expression, compile_expression, compile_text
from blueprint.source import Document, load_documents

_EXACT = re.compile(r"\s*\{\{((?:(?!\}\}).)*)\}\}\s*", re.DOTALL)
_FOR = re.compile(r"\s*([A-Za-z_]\w*)\s+in\s+(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A constant, or an expression. An exact expression keeps its type, text with expressions in it is text."""

    span: Span
    constant: Any = None
    expression: Expression | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """`$for: variable in expression`."""

    variable: str
    expression: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping. `loop` and `condition` govern the whole mapping; `value`, if set, stands in its place."""

    span: Span
    entries: tuple[tuple[Scalar, Any], ...] = ()
    loop: Loop | None = None
    condition: Scalar | None = None
    merge: Scalar | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    span: Span
    items: tuple[Any, ...]


Template = Scalar | Branch | Items


def load_template(file: FilePath) -> list[Template]:
    """The documents of a template file. Raises Refused (exit 70): a broken template is our bug."""
    name = shown(file)
    return [_node(document, (), document.data) for document in load_documents(file.read_text("utf-8"), name)]


def _node(document: Document, path: tuple[str | int, ...], data: Any) -> Template:
    if isinstance(data, Mapping):
        return _branch(document, path, data)
    if isinstance(data, list):
        return Items(
            _head(document, path), tuple(_node(document, (*path, index), item) for index, item in enumerate(data))
        )
    return _scalar(data, document.span(path))


def _head(document: Document, path: tuple[str | int, ...]) -> Span:
    """The place of a collection: its key, or the first character of a list item."""
    if path and isinstance(path[-1], str):
        return document.key_span(path)
    start = document.span(path)
    return Span(start.file, start.line, start.column, start.line, start.column + 1)


def _scalar(data: Any, span: Span) -> Scalar:
    if not isinstance(data, str) or ("{{" not in data and "{%" not in data):
        return Scalar(span, constant=data)
    exact = _EXACT.fullmatch(data)
    make: Callable[[str], Expression] = compile_expression if exact else compile_text
    return Scalar(span, expression=_compiled(make, exact[1] if exact else data, span))


def _compiled(make: Callable[[str], Expression], text: str, span: Span) -> Expression:
    try:
        return make(text)
    except ValueError as error:
        raise template_failed(span, str(error)) from error


def template_failed(span: Span, reason: str) -> Refused:
    """The refusal for a template that cannot be compiled or evaluated."""
    return Refused(Diagnostic(INTERNAL_ERROR, f"template failed: {reason}", at=span), exit_code=70)


def _branch(document: Document, path: tuple[str | int, ...], data: Mapping[str, Any]) -> Branch:
    entries: list[tuple[Scalar, Any]] = []
    control: dict[str, Any] = {}
    for key, value in data.items():
        at = (*path, key)
        if key == "$for":
            control["loop"] = _loop(str(value), document.span(at))
        elif key in ("$if", "$merge"):
            span = document.span(at)
            name = {"$if": "condition", "$merge": "merge"}[key]
            control[name] = Scalar(span, expression=_compiled(compile_expression, str(value), span))
        elif key == "$value":
            control["value"] = _node(document, at, value)
        elif key.startswith("$"):
            raise template_failed(document.key_span(at), f"unknown control key {key}")
        else:
            entries.append((_scalar(key, document.key_span(at)), _node(document, at, value)))
    return Branch(_head(document, path), tuple(entries), **control)


def _loop(text: str, span: Span) -> Loop:
    match = _FOR.fullmatch(text)
    if match is None:
        raise template_failed(span, f"$for takes 'variable in expression', not {text}")
    return Loop(match[1], _compiled(compile_expression, match[2], span), span)
