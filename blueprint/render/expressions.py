"""Template expressions: Jinja2, sandboxed, and strict about undefined names.

The only module that imports Jinja2. The code that Jinja2 generates for an expression is cached on disk: generating it
takes a millisecond, and a small compile needs hundreds. Expressions have no access to clock, randomness, environment or
files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import CodeType
from typing import Any, Literal

import jinja2
from jinja2 import StrictUndefined, Template, TemplateError, Undefined, UndefinedError, nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from blueprint.disk_cache import DiskCache
from blueprint.platform.components.digests import digest
from blueprint.source.yaml_writer import emit

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


class TemplateExpression:
    """Evaluates an expression with a context of names; raises ExpressionError.

    It is compiled on first use, because many are never evaluated. `form` is `expression` for a single expression, whose
    value keeps its type, and `text` for a text with embedded expressions, whose value is a string.
    """

    def __init__(self, form: Literal["expression", "text"], text: str) -> None:
        self._form = form
        self._text = text
        self._template: Template | None = None

    def __call__(self, names: Mapping[str, Any]) -> Any:
        """The value."""
        try:
            return self._value(names) if self._form == "expression" else self.compiled().render(names)
        except (ExpressionError, UndefinedError) as error:
            raise ExpressionError(f"{error}: {self._text.strip()}") from error
        except Exception as error:
            raise ExpressionError(f"{type(error).__name__}: {error}: {self._text.strip()}") from error

    def __reduce__(self) -> tuple[Callable[..., TemplateExpression], tuple[str, str]]:
        return _expression, (self._form, self._text)

    def _value(self, names: Mapping[str, Any]) -> Any:
        """The value that the template assigns to `value`."""
        template = self.compiled()
        context = template.new_context(dict(names))
        for _ in template.root_render_func(context):
            pass
        value = context.vars["value"]
        if isinstance(value, Undefined):
            str(value)  # raises with the undefined name
            raise ExpressionError("the condition is false and there is no else")
        return value

    def compiled(self) -> Template:
        """The Jinja2 template that evaluates it. Raises ExpressionError if there is none."""
        if self._template is None:
            if self._form == "text":
                code = _cached("text", self._text, _environment().compile)
            else:
                code = _cached("expression", self._text.strip(), _expression_code)
            self._template = Template.from_code(_environment(), code, _environment().globals)
        return self._template


@cache
def _expression(form: Literal["expression", "text"], text: str) -> TemplateExpression:
    """One object for equal expressions, so that each is compiled once."""
    return TemplateExpression(form, text)


def compile_expression(text: str) -> TemplateExpression:
    """A single expression. Raises ExpressionError."""
    return _compiled("expression", text)


def compile_text(text: str) -> TemplateExpression:
    """A text with embedded expressions. Raises ExpressionError."""
    return _compiled("text", text)


def _compiled(form: Literal["expression", "text"], text: str) -> TemplateExpression:
    expression = _expression(form, text)
    expression.compiled()
    return expression


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
