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
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define

UNREADABLE = define("BP6536", "dashboard-unreadable", page=__file__)
SAME_UID = define("BP6537", "dashboard-uid", page=__file__, severity=Severity.WARNING)
PANEL_GONE = define("BP6538", "dashboard-panel-gone", page=__file__, severity=Severity.WARNING)
QUERY_UNREADABLE = define("BP6575", "dashboard-query-unreadable", page=__file__, severity=Severity.WARNING)
_RANGE = re.compile(r"\[([^\]\[]*\$[^\]]*)\]")
_VARIABLE = re.compile(r"\$\{[^}]*\}|\$\w+|\[\[\w+\]\]")
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
        elif other := _other(name, subject, key, context):
            fault = f"data[{json.dumps(key)}]: {other} also has the uid {name}, and Grafana keeps only one of them"
            yield ObjectFinding(SAME_UID, ("data", key), fault, "give each dashboard a unique uid")


def _other(uid: str, subject: Object, key: str, context: RuleContext) -> str | None:
    """The dashboard that already has the uid."""
    for each in context.objects_of_kind("ConfigMap"):
        for name, text in _dashboards(each):
            if each is subject and name == key:
                return None
            if uid in text and _parsed(text).get("uid") == uid:
                return f"{name} of {each.id}"
    return None


@rule(PANEL_GONE, tags=("monitoring",))
def panels(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Panels of a type that Grafana has removed."""
    for key, text in _dashboards(subject):
        kinds = {str(each.get("type")) for each in _panels(_parsed(text))} & set(_GONE)
        for kind in sorted(kinds):
            fault = f"data[{json.dumps(key)}] has panels of the type {kind}, which Grafana 12 no longer supports"
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
            if found := fault(_with_values(query), context):
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


def _with_values(query: str) -> str:
    """The query with placeholders for Grafana's variables: a duration in brackets, a word elsewhere."""
    return _VARIABLE.sub("x", _RANGE.sub(lambda found: f"[{_VARIABLE.sub('5m', found[1])}]", query))


RULES = (unreadable, uid, panels, queries, not_exported)
