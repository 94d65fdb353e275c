"""What a PromQL expression reads, and how: every metric with the functions around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import promql_parser

COUNTERS_ONLY = frozenset({"rate", "irate", "increase"})


class Use(NamedTuple):
    """One selector: the metric's name and the nearest function around it, if any."""

    metric: str
    function: str


def uses(expression: str) -> list[Use]:
    """Every selector of an expression. Raises ValueError where it is not PromQL."""
    return list(_walk(promql_parser.parse(expression), ""))


def _walk(node: Any, function: str) -> Iterator[Use]:
    kind = type(node).__name__
    if kind == "VectorSelector":
        assert node.name, "a selector without a metric's name reads everything"
        yield Use(node.name, function)
    elif kind == "MatrixSelector":
        yield from _walk(node.vector_selector, function)
    elif kind == "Call":
        for argument in node.args:
            yield from _walk(argument, node.func.name)
    elif kind == "BinaryExpr":
        yield from _walk(node.lhs, "")
        yield from _walk(node.rhs, "")
    elif kind in ("AggregateExpr", "ParenExpr", "UnaryExpr", "SubqueryExpr"):
        yield from _walk(node.expr, "")
    else:
        assert kind in ("NumberLiteral", "StringLiteral"), kind
