"""Template expressions: a subset of Jinja2 followed here, the rest by Jinja2 itself, sandboxed and strict.

The only module that imports Jinja2, and only where a template asks for it: importing and compiling would take a
third of the time of a small compile. No clock, randomness, environment or files can be reached from an expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from blueprint.render.evaluator import FILTERS, OMIT, Expression, ExpressionError, direct

__all__ = ["OMIT", "Expression", "ExpressionError", "compile_expression", "compile_text"]

_UNPREDICTABLE = ("random", "pprint", "urlize", "xmlattr", "tojson")
_PIECES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


@cache
def compile_expression(text: str) -> Expression:
    """One expression; its value keeps its type. Raises ExpressionError."""
    evaluate = direct(text)
    if evaluate is None:
        return _jinja_expression(text)
    return lambda context: _guarded(lambda: evaluate(context), text)


@cache
def compile_text(text: str) -> Expression:
    """Text with expressions in it; the value is text. Raises ExpressionError."""
    pieces = _PIECES.split(text)
    inner = [direct(piece) for piece in pieces[1::2]]
    constants = pieces[::2]
    if not all(inner) or any(mark in constant for constant in constants for mark in ("{%", "{#", "{{")):
        return _jinja_text(text)
    expressions = [each for each in inner if each]

    def joined(context: Mapping[str, Any]) -> str:
        values = [*(str(each(context)) for each in expressions), ""]
        return "".join(constant + value for constant, value in zip(constants, values, strict=True))

    return lambda context: _guarded(lambda: joined(context), text)


@cache
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals = {"omit": OMIT}
    for name in _UNPREDICTABLE:
        environment.filters.pop(name, None)
    environment.filters.update(FILTERS)
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
    except ExpressionError as error:
        raise ExpressionError(f"{error} in {text.strip()}") from error
    except Exception as error:
        raise ExpressionError(f"{type(error).__name__}: {error} in {text.strip()}") from error
