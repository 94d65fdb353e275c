"""Template expressions: Jinja2, sandboxed, and strict about undefined names.

The only module that imports Jinja2. The code that Jinja2 generates for an expression is cached on disk: generating it
takes a millisecond, and a small compile needs hundreds. Expressions have no access to clock, randomness, environment or
files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from types import CodeType
from typing import Any

import jinja2
from jinja2 import StrictUndefined, Template, TemplateError, Undefined, UndefinedError, nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from blueprint.disk_cache import DiskCache
from blueprint.platform.components.digests import digest
from blueprint.source.yaml_writer import emit

Expression = Callable[[Mapping[str, Any]], Any]
"""Evaluates an expression with a context of names; raises ExpressionError."""

OMIT: Any = type("Omit", (), {"__repr__": lambda _: "omit", "__bool__": lambda _: False})()
"""The value of `omit`: the key or list item is omitted."""


def _without_omitted(value: Any) -> Any:
    """The value without omitted parts, and without maps that become empty."""
    if isinstance(value, Mapping):
        rest = {key: _without_omitted(item) for key, item in value.items()}
        found = {key: item for key, item in rest.items() if item is not OMIT}
        return found if found or not value else OMIT
    return [_without_omitted(item) for item in value] if isinstance(value, list | tuple) else value


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "yaml": lambda data: emit(_without_omitted(data)),
    "digest": lambda data: digest(_without_omitted(data)),
    "yaml_each": lambda files: {name: emit(data) for name, data in files.items()},
}
_UNPREDICTABLE = ("random", "pprint", "urlize", "xmlattr", "tojson")
_CODE = DiskCache("expressions", __file__, extra=jinja2.__version__)


class ExpressionError(ValueError):
    """An expression could not be compiled or evaluated."""


@cache
def compile_expression(text: str) -> Expression:
    """A single expression, whose value keeps its type. Raises ExpressionError."""
    template = _Template(_cached("expression", text.strip(), _expression_code))
    return lambda context: _guarded(template.value, context, text)


@cache
def compile_text(text: str) -> Expression:
    """A text with embedded expressions, whose value is a string. Raises ExpressionError."""
    template = _Template(_cached("text", text, _environment().compile))
    return lambda context: _guarded(template.text, context, text)


class _Template:
    """A Jinja2 template, created from its code on first use, because many are never evaluated."""

    def __init__(self, code: CodeType) -> None:
        self._code = code

    @cached_property
    def _template(self) -> Template:
        return Template.from_code(_environment(), self._code, _environment().globals)

    def value(self, names: Mapping[str, Any]) -> Any:
        """The value that the template assigns to `value`."""
        context = self._template.new_context(dict(names))
        for _ in self._template.root_render_func(context):
            pass
        value = context.vars["value"]
        if isinstance(value, Undefined):
            str(value)  # raises with the undefined name
            raise ExpressionError("the condition is false and there is no else")
        return value

    def text(self, names: Mapping[str, Any]) -> str:
        """The template's text."""
        return self._template.render(names)


def _cached(form: str, text: str, make: Callable[[str], CodeType]) -> CodeType:
    """The code for a text in one of the two forms. Raises ExpressionError."""
    key = f"{form} {text}"
    code: CodeType | None = _CODE.get(key, text.encode())
    if code is None:
        try:
            code = make(text)
        except TemplateError as error:
            raise ExpressionError(f"{error.message}: {text}") from error
        _CODE.put(key, text.encode(), code)
    return code


def _expression_code(text: str) -> CodeType:
    """The code of a template that assigns the expression's value to `value`."""
    parser = Parser(_environment(), text, state="variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        parser.fail("something follows the expression")
    return _environment().compile(nodes.Template([nodes.Assign(nodes.Name("value", "store"), expression)], lineno=1))


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox. Whether an attribute is safe depends on its name and the object's type, and is cached."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._safe: dict[tuple[type, str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Jinja2's decision, cached for each type and attribute, because the check costs more than the read."""
        key = (type(obj), attr)
        if key not in self._safe:
            self._safe[key] = super().is_safe_attribute(obj, attr, value)
        return self._safe[key]


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = _Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.globals = {"omit": OMIT}
    for name in _UNPREDICTABLE:
        environment.filters.pop(name, None)
    environment.filters.update(_FILTERS)
    return environment


def _guarded(evaluate: Callable[[Mapping[str, Any]], Any], context: Mapping[str, Any], text: str) -> Any:
    try:
        return evaluate(context)
    except (ExpressionError, UndefinedError) as error:
        raise ExpressionError(f"{error}: {text.strip()}") from error
    except Exception as error:
        raise ExpressionError(f"{type(error).__name__}: {error}: {text.strip()}") from error
