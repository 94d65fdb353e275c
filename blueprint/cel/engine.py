"""Compiles and evaluates CEL. The only module that imports the library (Google's, through its Python binding).

The library is an optional dependency, imported when the first expression is compiled. Whatever it cannot do raises
UnsupportedError, which says nothing about the expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

from blueprint.cel.comprehensions import rewritten
from blueprint.cel.functions import formats, lists, network, quantities, regex, strings
from blueprint.cel.functions.signatures import QUANTITY, SEMVER, Signature
from blueprint.cel.screen import names_of, reason_against
from blueprint.cel.syntax import CelError, CelExpression, TooComplexError, parse
from blueprint.patterns import lazy_pattern
from blueprint.records import Record

SIGNATURES: tuple[Signature, ...] = (
    *strings.SIGNATURES,
    *lists.SIGNATURES,
    *regex.SIGNATURES,
    *quantities.SIGNATURES,
    *network.SIGNATURES,
    *formats.SIGNATURES,
)
"""All functions that Kubernetes adds to the language."""

_OURS = names_of(SIGNATURES)
PACKAGE = "cel-expr-python"
"""The package to install: the extra `cel` of this package contains it."""

_ELSEWHERE = lazy_pattern(r"undeclared reference to '\.?(authorizer|includes|sortBy)'")
"""Functions that Kubernetes has and this module does not support."""
_REFUSED = "the function refuses this: "
_FACTS = lazy_pattern(
    r"NOT_FOUND: Key not found in map|Index error: index=|(divide|modulus) by zero"
    rf"|cannot convert string to|integer overflow|{_REFUSED}"
)
"""Errors that depend on the value: the API server fails in the same way."""
_FACTS_OF_DYNAMIC_VALUES = lazy_pattern(rf"{_FACTS.pattern}|No matching overloads found|no such overload")
_WRONG = lazy_pattern("undeclared reference|no matching overload|Syntax error")
"""Errors that Kubernetes' compiler reports too, except those that match the two patterns below."""
_MIXED = lazy_pattern(r"applied to '\([^']*\b(double|uint)\b|kubernetes\.|type\(|optional_type")
"""Errors of the library's type checker that Kubernetes' type checker does not report."""


_STAND_INS = {QUANTITY: "Quantity", SEMVER: "Semver"}
"""Kubernetes' names for types that the library does not have."""


class UnsupportedError(Exception):
    """The library is not installed, or cannot compile or evaluate this. Nothing is known about the expression."""


class CompileError(Exception):
    """The expression is invalid: the API server rejects it too."""


class EvaluationError(Exception):
    """The expression fails for these values, as it would in the API server."""


class Program(Record):
    """A compiled expression."""

    text: str
    returns: str
    _expression: Any

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """The plain value for plain values (dict, list, str, int, float, bool, None).

        Raises EvaluationError, or UnsupportedError.
        """
        return self._result({"data": dict(values)}, _FACTS)

    def evaluate_in(self, activation: Any) -> Any:
        """The plain value for values that are already bound, see `activation`.

        If a function has no overload for a value, this is an EvaluationError here, because the types of attributes are
        known only at run time.
        """
        return self._result({"activation": activation}, _FACTS_OF_DYNAMIC_VALUES)

    def _result(self, given: Mapping[str, Any], facts: re.Pattern[str]) -> Any:
        try:
            value = self._expression.eval(**given)
            kind = value.type().name()
            if kind not in ("ERROR", "UNKNOWN"):
                return value.plain_value()
            text = str(value.plain_value())
        except (RuntimeError, TypeError, ValueError) as error:
            raise UnsupportedError(_first_line(error)) from error
        if facts.search(text):
            raise EvaluationError(_in_words(text))
        raise UnsupportedError(text)


@cache
def is_available() -> bool:
    """Whether the library can be imported."""
    try:
        from cel_expr_python import cel  # noqa: F401 - whether it is there is the question
    except ImportError:
        return False
    return True


@lru_cache(maxsize=4096)
def compile_expression(text: str, types: tuple[tuple[str, str], ...]) -> Program:
    """A program over variables of the given types (`string`, `list(int)`, `map(string, dyn)`, `dyn`, ...).

    Raises CompileError or UnsupportedError.
    """
    tree = readable_tree(text)
    return compile_tree(tree, text, rewritten(tree, text), types)


def readable_tree(text: str) -> CelExpression:
    """The syntax tree of a text. Raises CompileError if it is not an expression, UnsupportedError if it is nested too
    deeply.
    """
    try:
        return parse(text)
    except TooComplexError as error:
        raise UnsupportedError(error.text) from error
    except CelError as error:
        raise CompileError(error.text) from error


def compile_tree(tree: CelExpression, text: str, source: str, types: tuple[tuple[str, str], ...]) -> Program:
    """A program of `source`, which is `text` rewritten for the library. Raises the errors of `compile_expression`."""
    if not is_available():
        raise UnsupportedError(f"{PACKAGE} is not installed")
    if reason := reason_against(tree, text, _OURS):
        raise UnsupportedError(reason)
    try:
        expression = _environment(types).compile(source)
        return Program(text, expression.return_type().name().lower(), expression)
    except (RuntimeError, TypeError, ValueError) as error:
        message = _first_line(error)
        if _WRONG.search(message) and not (_ELSEWHERE.search(message) or _MIXED.search(message)):
            raise CompileError(message) from error
        raise UnsupportedError(message) from error


def activation(types: tuple[tuple[str, str], ...], values: Mapping[str, Any]) -> Any:
    """Values bound to variables once, for many programs with the same types."""
    return _environment(types).Activation(dict(values))


def _in_words(text: str) -> str:
    if "overload" in text:
        return "no such overload"
    if missing := re.search(r'Key not found in map : "(.*)"', text):
        return f"no such key: {missing[1]}"
    return text.partition(_REFUSED)[2] or text.partition(": ")[2]


def _first_line(error: Exception) -> str:
    """The library's message without its source location."""
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    line = re.sub(r"^[A-Z_]+: ERROR: <input>:\d+:\d+: ", "", line).removesuffix(" (in container '')")
    for stand_in, name in _STAND_INS.items():
        line = line.replace(stand_in, name)
    return re.sub(r"^found (no matching overload for ')_?([^\w']+)_'", r"\1\2'", line)


@lru_cache(maxsize=64)
def _environment(types: tuple[tuple[str, str], ...]) -> Any:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_bindings, ext_optional

    return cel.NewEnv(
        variables={name: _type(text) for name, text in types},
        extensions=[_extension(), ext_optional.ExtOptional(), ext_bindings.ExtBindings()],
    )


@cache
def _extension() -> Any:
    from cel_expr_python import cel

    by_name: dict[str, list[Any]] = {}
    for number, each in enumerate(SIGNATURES):
        overload = cel.Overload(
            id=f"kubernetes_{number}",
            return_type=_type(each.returns),
            parameters=[_type(parameter) for parameter in each.parameters],
            is_member=each.method,
            impl=_guarded(each.call),
        )
        by_name.setdefault(each.name, []).append(overload)
    return cel.CelExtension("kubernetes", [cel.FunctionDecl(name, overloads) for name, overloads in by_name.items()])


_NAMED = ("string", "int", "bool", "double", "bytes", "dyn")


@cache
def _type(text: str) -> Any:
    """The library's type for a name: `string`, `list(T)`, `map(string, T)`."""
    from cel_expr_python import cel

    kinds = cel.Type
    if text in _NAMED:
        return getattr(kinds, text.upper())
    outer, _, inner = text.removesuffix(")").partition("(")
    if outer == "strings":
        return kinds.List(kinds.STRING)
    if outer == "list":
        return kinds.List(_type(inner or "dyn"))
    key, _, value = inner.partition(", ")
    return kinds.Map(_type(key or "dyn"), _type(value or "dyn"))


def _guarded(call: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with errors that distinguish invalid arguments from unsupported features."""

    def guarded(*arguments: Any) -> Any:
        """Call the function, and mark a ValueError about the arguments as an error of the expression."""
        try:
            return call(*arguments)
        except NotImplementedError:
            raise
        except ValueError as error:
            if str(error) == "no such overload":
                raise
            raise ValueError(_REFUSED + str(error)) from error

    return guarded
