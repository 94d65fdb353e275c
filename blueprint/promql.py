"""Parses PromQL. The only module that imports the library (promql-parser, an optional dependency).

The library is imported when the first expression is parsed. Expressions that it cannot parse, but Prometheus possibly
can, raise NotJudgedError, which says nothing about the expression.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from blueprint.patterns import lazy_pattern
from blueprint.records import Record

PACKAGE = "promql-parser"
"""The package to install: the extra `promql` of this package contains it."""

_STRING = lazy_pattern(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
_COMMENT = lazy_pattern(r"#[^\n]*")
_STEP = lazy_pattern(r"[-+*/%^(\[=<>]|\b(?:and|or|unless|atan2)\b")
_MOST_STEPS, _LONGEST = 1_000, 10_000
"""The library is recursive, and the process crashes on stack overflow: at some 5,000 operators."""
_OTHER_DIALECT = lazy_pattern(
    r"\b(?:default|ifnot|if|limit|keep_metric_names|WITH|smoothed|anchored)\b"
    r"|\$|\{\{|\[[^\]]*[-+*/(][^\]]*\]"
)
"""Syntax of MetricsQL, variables of dashboards and templates, experimental features of Prometheus: computed
durations.
"""
_UNKNOWN_FUNCTION = lazy_pattern(r"unknown function with name '(\w+)'")
_NO_DETAIL = "invalid promql query"


class PromqlError(Exception):
    """The expression is not valid PromQL: Prometheus rejects it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotJudgedError(Exception):
    """The library is not installed, or the expression may be of another dialect or a newer Prometheus."""


class TooLongError(NotJudgedError):
    """The expression is not read, because the library might crash."""


class UnknownFunctionError(NotJudgedError):
    """The function is unknown: misspelt, or newer than the library."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no function {name}")
        self.name = name


class Use(Record):
    """One selector of an expression: the metric's name (or an empty string), and the nearest enclosing function."""

    metric: str
    function: str
    ranged: bool


class Expression(Record):
    """A valid expression with all of its selectors."""

    text: str
    uses: tuple[Use, ...]


@cache
def is_available() -> bool:
    """Whether the library is installed, without importing it."""
    return importlib.util.find_spec("promql_parser") is not None


@lru_cache(maxsize=4096)
def read(text: str) -> Expression:
    """Parse an expression. Raises PromqlError if Prometheus rejects it, NotJudgedError if this is unknown."""
    if not is_available():
        raise NotJudgedError(f"{PACKAGE} is not installed")
    bare = _COMMENT.sub("", _STRING.sub('""', text))
    if len(text) > _LONGEST or len(_STEP.findall(bare)) > _MOST_STEPS:
        raise TooLongError("an expression is too long to be read")
    import promql_parser

    try:
        tree = promql_parser.parse(text)
    except ValueError as error:
        if unknown := _UNKNOWN_FUNCTION.search(str(error)):
            raise UnknownFunctionError(unknown[1]) from error
        if _OTHER_DIALECT.search(bare):
            raise NotJudgedError(str(error)) from error
        raise PromqlError(_in_words(str(error))) from error
    return Expression(text, tuple(_uses(tree, "")))


def _in_words(message: str) -> str:
    return "it is not an expression" if message == _NO_DETAIL else message


def _uses(node: Any, function: str) -> Iterator[Use]:
    match type(node).__name__:
        case "VectorSelector":
            yield Use(node.name or "", function, ranged=False)
        case "MatrixSelector":
            yield Use(node.vector_selector.name or "", function, ranged=True)
        case "Call":
            for argument in node.args:
                yield from _uses(argument, node.func.name)
        case "BinaryExpr":
            yield from _uses(node.lhs, "")
            yield from _uses(node.rhs, "")
        case "AggregateExpr" | "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            yield from _uses(node.expr, "")
