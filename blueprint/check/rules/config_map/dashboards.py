"""Grafana dashboards in ConfigMaps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.expressions import fault
from blueprint.check.common.monitoring import NOT_EXPORTED, not_counted
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping, severity_across_files
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern

UNREADABLE = define("BP6536", "dashboard-unreadable", page=__file__)
SAME_UID = define("BP6537", "dashboard-uid", page=__file__, severity=Severity.WARNING)
PANEL_GONE = define("BP6538", "dashboard-panel-gone", page=__file__, severity=Severity.NOTE)
QUERY_UNREADABLE = define("BP6575", "dashboard-query-unreadable", page=__file__, severity=Severity.WARNING)
_VARIABLE = lazy_pattern(r"\$\{[^{}]*\}|\$\w++|\[\[\w+\]\]")
_KNOWN_PLACE = lazy_pattern(
    r"(?P<range>\[(?:[^\]\[]|\[\[\w+\]\])*\])"
    r"|\"(?:[^\"\\]|\\.)*(?:\"|\Z)|'(?:[^'\\]|\\.)*(?:'|\Z)|`[^`]*"
    r"|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)"
    rf"|(?<![\w:])(?:(?:[\w:]|{_VARIABLE.pattern})++(?=\s*[{{\[])"
    rf"|(?:[\w:]++(?:{_VARIABLE.pattern})[\w:]*+|(?:{_VARIABLE.pattern})[\w:]++)(?!\s*\())"
)
"""Where the kind of a variable's value is known: a duration in brackets, text, a label, the name of a metric."""
_LABEL = "grafana_dashboard"
_LONGEST_UID = 40
_GONE = {"graph": "timeseries", "singlestat": "stat", "table-old": "table", "grafana-piechart-panel": "piechart"}


def _dashboards(subject: Object) -> Iterator[tuple[str, str]]:
    """The files that Grafana's sidecar loads: the key, the text."""
    if _LABEL in mapping(inside(subject.data, "metadata", "labels")):
        for key, text in mapping(subject.data.get("data")).items():
            if str(key).endswith(".json") and isinstance(text, str):
                yield key, text


def _parsed(text: str) -> Mapping[Any, Any]:
    try:
        return mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}


@rule(UNREADABLE, tags=("monitoring",))
def unreadable(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Dashboards that are not valid JSON."""
    for key, text in _dashboards(subject):
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            message = f"data[{json.dumps(key)}] is not JSON: {error}"
            yield ObjectFinding(UNREADABLE, ("data", key), message, "export the dashboard again, as JSON")


@rule(SAME_UID, tags=("monitoring",))
def uid(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Dashboards with the uid of another one, or with one that Grafana rejects."""
    for key, text in _dashboards(subject):
        name = _parsed(text).get("uid")
        if not isinstance(name, str) or not name:
            continue
        if len(name) > _LONGEST_UID:
            fault = f"data[{json.dumps(key)}]: the uid has {len(name)} characters, more than Grafana's {_LONGEST_UID}"
            yield ObjectFinding(SAME_UID, ("data", key), fault, "shorten uid")
            continue
        other, same = context.once(_first_of_uid)[name]
        if (other.id, same) != (subject.id, key):
            fault = f"data[{json.dumps(key)}]: {same} of {other.id} also has the uid {name}, and Grafana keeps only one"
            override = severity_across_files(subject, other, context)
            yield ObjectFinding(SAME_UID, ("data", key), fault, "give each dashboard a unique uid", override)


def _first_of_uid(context: RuleContext) -> dict[str, tuple[Object, str]]:
    """The first dashboard of each uid: its ConfigMap and key."""
    found: dict[str, tuple[Object, str]] = {}
    for each in context.objects_of_kind("ConfigMap"):
        for key, text in _dashboards(each):
            if isinstance(uid := _parsed(text).get("uid"), str):
                found.setdefault(uid, (each, key))
    return found


@rule(PANEL_GONE, tags=("monitoring",))
def panels(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Panels of a type that Grafana has removed."""
    for key, text in _dashboards(subject):
        kinds = {str(each.get("type")) for each in _panels(_parsed(text))} & set(_GONE)
        for kind in sorted(kinds):
            fault = f"data[{json.dumps(key)}] has panels of the type {kind}, which Grafana 12 converts to {_GONE[kind]}"
            yield ObjectFinding(PANEL_GONE, ("data", key), fault, f"use type: {_GONE[kind]}")


def _panels(board: Mapping[Any, Any]) -> Iterator[Mapping[Any, Any]]:
    rows = [*items(board.get("panels")), *items(board.get("rows"))]
    for each in map(mapping, rows):
        yield each
        yield from map(mapping, items(each.get("panels")))


@rule(QUERY_UNREADABLE, tags=("monitoring",), needs=(Capability.PROMQL,))
def queries(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Panel queries that are not valid PromQL."""
    for key, text in _dashboards(subject):
        for title, query in _queries(_parsed(text)):
            judged = _with_values(query)
            if judged and (found := fault(judged, context)):
                message = f"data[{json.dumps(key)}]: panel {title or 'without a title'}: {found[0]}: {query}"
                yield ObjectFinding(
                    QUERY_UNREADABLE,
                    ("data", key),
                    message,
                    found[1] or "correct the query; until then the panel stays empty",
                )


@rule(NOT_EXPORTED, tags=("monitoring",))
def not_exported(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Panels with fields that no exporter exports."""
    for key, text in _dashboards(subject):
        for fault_, help_ in not_counted((query for _, query in _queries(_parsed(text))), context):
            yield ObjectFinding(NOT_EXPORTED, ("data", key), f"data[{json.dumps(key)}]: {fault_}", help_)


def _queries(board: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """Panel titles, and the queries that are certainly for a Prometheus."""
    for panel in _panels(board):
        whole = panel.get("datasource")
        for target in map(mapping, items(panel.get("targets"))):
            source = target.get("datasource", whole)
            if inside(source, "type") == "prometheus" and isinstance(query := target.get("expr"), str) and query:
                yield str(panel.get("title") or ""), query


def _with_values(query: str) -> str | None:
    """The query with placeholders for Grafana's variables; None if one of them may have any value, such as a number, a
    function, or a whole expression.
    """
    text = _KNOWN_PLACE.sub(_with_placeholders, query)
    return None if _VARIABLE.search(text) else text


def _with_placeholders(found: re.Match[str]) -> str:
    if found["range"] is None:
        return _VARIABLE.sub("x", found[0])
    parts = _VARIABLE.sub("$", found[0][1:-1]).split(":")
    return f"[{':'.join('5m' if '$' in each else each for each in parts)}]"


RULES = (unreadable, uid, panels, queries, not_exported)
