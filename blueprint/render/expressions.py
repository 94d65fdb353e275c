"""Template expressions: Jinja2, sandboxed and strict. The only module that imports Jinja2.

No clock, randomness, environment or files can be reached from an expression. Plain paths (`pool.gpu.count`,
`component.images['driver'].tag`), which most expressions are, are followed here with Jinja's own rules: that saves
importing and compiling, half of the time of a small compile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from blueprint.render.emit import emit

Expression = Callable[[Mapping[str, Any]], Any]
"""Evaluates with a context of names; raises ExpressionError."""

OMIT: Any = type("Omit", (), {"__repr__": lambda _: "omit", "__bool__": lambda _: False})()
"""What `omit` evaluates to: the key or list item is left out."""

_UNPREDICTABLE = ("random", "pprint", "urlize", "xmlattr", "tojson")
_PATH = re.compile(r"\s*([a-z]\w*)((?:\.[A-Za-z]\w*|\['[^'\\]*'\])*)\s*")
_STEP = re.compile(r"\.([A-Za-z]\w*)|\['([^'\\]*)'\]")
_PIECES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_WORDS = frozenset({"true", "false", "none", "not", "omit"})


class ExpressionError(ValueError):
    """An expression could not be compiled or evaluated."""


@cache
def compile_expression(text: str) -> Expression:
    """One expression; its value keeps its type. Raises ExpressionError."""
    return _path(text) or _either(text) or _jinja_expression(text)


@cache
def compile_text(text: str) -> Expression:
    """Text with expressions in it; the value is text. Raises ExpressionError."""
    pieces = _PIECES.split(text)
    paths = [_path(piece) for piece in pieces[1::2]]
    constants = pieces[::2]
    if not all(paths) or any(mark in constant for constant in constants for mark in ("{%", "{#", "{{")):
        return _jinja_text(text)

    def evaluate(context: Mapping[str, Any]) -> str:
        values = [str(path(context)) if path else "" for path in paths] + [""]
        return "".join(constant + value for constant, value in zip(constants, values, strict=True))

    return evaluate


def _path(text: str) -> Expression | None:
    """A plain path, or None if the expression is more than that."""
    match = _PATH.fullmatch(text)
    if match is None or match[1] in _WORDS:
        return None
    name, steps = match[1], [(step[1], step[2]) for step in _STEP.finditer(match[2])]

    def evaluate(context: Mapping[str, Any]) -> Any:
        if name not in context:
            raise ExpressionError(f"{name} is not defined in {text.strip()}")
        here = context[name]
        for attribute, key in steps:
            here = _step(here, attribute, key, text)
        return here

    return evaluate


def _either(text: str) -> Expression | None:
    """`PATH or PATH`, `PATH or omit`, or None if the expression is something else."""
    first, _, second = text.partition(" or ")
    left, right = _path(first), _path(second)
    if left is None or (right is None and second.strip() != "omit"):
        return None

    def evaluate(context: Mapping[str, Any]) -> Any:
        return left(context) or (right(context) if right else OMIT)

    return evaluate


def _step(here: Any, attribute: str | None, key: str | None, text: str) -> Any:
    """Jinja's order: `.x` is an attribute before it is an item, `['x']` the other way round."""
    if attribute is not None:
        try:
            return getattr(here, attribute)
        except AttributeError:
            key = attribute
    try:
        return here[key]
    except (KeyError, TypeError, IndexError) as error:
        raise ExpressionError(f"{key} is not defined in {text.strip()}") from error


@cache
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals = {"omit": OMIT}
    for name in _UNPREDICTABLE:
        environment.filters.pop(name, None)
    environment.filters["yaml"] = emit
    environment.filters["yaml_each"] = lambda files: {name: emit(data) for name, data in files.items()}
    return environment


def _jinja_expression(text: str) -> Expression:
    from jinja2 import TemplateError, Undefined

    try:
        compiled = _environment().compile_expression(text.strip(), undefined_to_none=False)
    except TemplateError as error:
        raise ExpressionError(f"{error.message} in {text.strip()}") from error

    def evaluate(context: Mapping[str, Any]) -> Any:
        value = _guarded(lambda: compiled(context), text)
        if isinstance(value, Undefined):
            raise ExpressionError(f"{value._undefined_name} is not defined in {text.strip()}")  # noqa: SLF001
        return value

    return evaluate


def _jinja_text(text: str) -> Expression:
    from jinja2 import TemplateError

    try:
        template = _environment().from_string(text)
    except TemplateError as error:
        raise ExpressionError(f"{error.message} in {text}") from error
    return lambda context: _guarded(lambda: template.render(context), text)


def _guarded(evaluate: Callable[[], Any], text: str) -> Any:
    try:
        return evaluate()
    except Exception as error:
        raise ExpressionError(f"{type(error).__name__}: {error} in {text.strip()}") from error
