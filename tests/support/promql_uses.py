"""The metrics that a PromQL expression reads, each with the functions around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser

from blueprint.catalog.component_files.monitoring import load_exports
from tests.support.observed_platform import watched_components
from tests.support.yaml_data import yaml_data

COUNTERS_ONLY = frozenset({"rate", "irate", "increase"})
PRESENCE = "present_over_time"
"""Functions that do not read a value."""
_FILE = Path(__file__).parents[1] / "observability" / "other-metrics.yaml"
OTHERS: dict[str, str] = {name: row["type"] for name, row in yaml_data(_FILE)["metrics"].items()} | {
    name: row.type
    for component in watched_components()
    if (exports := load_exports(component.folder))
    for name, row in exports.metrics.items()
}
"""Metrics of other exporters than the GPU exporter, with their type."""


class Use(NamedTuple):
    """One selector: the metric name and the innermost function around it, if any."""

    metric: str
    function: str


def uses(expression: str) -> list[Use]:
    """Every selector of an expression. Raises ValueError if it is not valid PromQL."""
    return list(_walk(promql_parser.parse(expression), ""))


def labels_read(expression: str) -> dict[str, set[str]]:
    """The labels of each metric that its selectors and the surrounding aggregation name. Raises ValueError if it is
    invalid.
    """
    found: dict[str, set[str]] = {}
    _labels(promql_parser.parse(expression), frozenset(), found)
    return found


def _labels(node: Any, grouped: frozenset[str], found: dict[str, set[str]]) -> None:
    kind = type(node).__name__
    if kind == "MatrixSelector":
        _labels(node.vector_selector, grouped, found)
    elif kind == "VectorSelector":
        matched = {each.name for each in node.matchers.matchers}
        found.setdefault(node.name, set()).update(matched | grouped)
    elif kind == "AggregateExpr":
        _labels(node.expr, frozenset(node.modifier.labels if node.modifier else ()), found)
    elif kind == "Call":
        for argument in node.args:
            _labels(argument, frozenset() if node.func.name == "label_replace" else grouped, found)
    elif kind == "BinaryExpr":
        _labels(node.lhs, grouped, found)
        _labels(node.rhs, grouped, found)
    elif kind in ("ParenExpr", "UnaryExpr", "SubqueryExpr"):
        _labels(node.expr, grouped, found)


def mistyped(use: Use, kinds: Mapping[str, str]) -> bool:
    """Whether a counter is read without a function for counters such as `rate`, or another type with one."""
    kind = kinds.get(use.metric, "gauge")
    if kind == "counter":
        return use.function not in {*COUNTERS_ONLY, PRESENCE}
    return use.function in COUNTERS_ONLY or kind == "label"


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
