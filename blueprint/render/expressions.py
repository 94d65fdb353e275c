"""Template expressions: Jinja2, sandboxed and strict. The only module that imports Jinja2.

No clock, randomness, environment or files can be reached from an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Expression = Callable[[Mapping[str, Any]], Any]
"""Evaluates with a context of names; raises ExpressionFailed."""

OMIT: Any = type("Omit", (), {"__repr__": lambda _: "omit", "__bool__": lambda _: False})()
"""What `omit` evaluates to: the key or list item is left out."""

_UNPREDICTABLE = ("random", "pprint", "urlize", "xmlattr", "tojson")


class ExpressionFailed(ValueError):
    """An expression could not be evaluated."""


@cache
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals = {"omit": OMIT}
    for name in _UNPREDICTABLE:
        environment.filters.pop(name, None)
    return environment


@cache
def compile_expression(text: str) -> Expression:
    """One expression; its value keeps its type. Raises ValueError with what is wrong."""
    from jinja2 import TemplateError, Undefined

    try:
        compiled = _environment().compile_expression(text.strip(), undefined_to_none=False)
    except TemplateError as error:
        raise ExpressionFailed(f"{error.message} in {text.strip()}") from error

    def evaluate(context: Mapping[str, Any]) -> Any:
        value = _guarded(lambda: compiled(context), text)
        if isinstance(value, Undefined):
            raise ExpressionFailed(f"{value._undefined_name} is not defined in {text.strip()}")  # noqa: SLF001
        return value

    return evaluate


@cache
def compile_text(text: str) -> Expression:
    """Text with expressions in it; the value is text. Raises ValueError with what is wrong."""
    from jinja2 import TemplateError

    try:
        template = _environment().from_string(text)
    except TemplateError as error:
        raise ExpressionFailed(f"{error.message} in {text}") from error
    return lambda context: _guarded(lambda: template.render(context), text)


def _guarded(evaluate: Callable[[], Any], text: str) -> Any:
    try:
        return evaluate()
    except Exception as error:
        raise ExpressionFailed(f"{type(error).__name__}: {error} in {text.strip()}") from error
