"""Dashboards of Grafana in ConfigMaps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define

UNREADABLE = define("BP6536", "dashboard-unreadable", page=__file__)
SAME_UID = define("BP6537", "dashboard-uid", page=__file__, severity=Severity.WARNING)
PANEL_GONE = define("BP6538", "dashboard-panel-gone", page=__file__, severity=Severity.WARNING)
_LABEL = "grafana_dashboard"
_LONGEST_UID = 40
_GONE = {"graph": "timeseries", "singlestat": "stat", "table-old": "table", "grafana-piechart-panel": "piechart"}


def _dashboards(subject: Object) -> Iterator[tuple[str, str]]:
    """The files that Grafana's sidecar takes: the key, the text."""
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
    """Dashboards that are no JSON."""
    for key, text in _dashboards(subject):
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            message = f"data[{json.dumps(key)}] is not JSON: {error}"
            yield ObjectFinding(UNREADABLE, ("data", key), message, "export the dashboard again, as JSON")


@rule(SAME_UID, tags=("monitoring",))
def uid(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Dashboards with the uid of another one, or with one that Grafana refuses."""
    for key, text in _dashboards(subject):
        name = _parsed(text).get("uid")
        if not isinstance(name, str) or not name:
            continue
        if len(name) > _LONGEST_UID:
            fault = f"data[{json.dumps(key)}]: the uid has {len(name)} characters, and Grafana takes {_LONGEST_UID}"
            yield ObjectFinding(SAME_UID, ("data", key), fault, "shorten uid")
        elif other := _other(name, subject, key, context):
            fault = f"data[{json.dumps(key)}]: {other} has the uid {name} as well, and Grafana keeps one of them"
            yield ObjectFinding(SAME_UID, ("data", key), fault, "give each dashboard a uid of its own")


def _other(uid: str, subject: Object, key: str, context: RuleContext) -> str | None:
    """Which dashboard had the uid before this one."""
    for each in context.objects_of_kind("ConfigMap"):
        for name, text in _dashboards(each):
            if each is subject and name == key:
                return None
            if uid in text and _parsed(text).get("uid") == uid:
                return f"{name} of {each.id}"
    return None


@rule(PANEL_GONE, tags=("monitoring",))
def panels(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Panels of a kind that Grafana has removed."""
    for key, text in _dashboards(subject):
        kinds = {str(each.get("type")) for each in _panels(_parsed(text))} & set(_GONE)
        for kind in sorted(kinds):
            fault = f"data[{json.dumps(key)}] has panels of the type {kind}, which Grafana 12 does not draw"
            yield ObjectFinding(PANEL_GONE, ("data", key), fault, f"type: {_GONE[kind]}")


def _panels(board: Mapping[Any, Any]) -> Iterator[Mapping[Any, Any]]:
    rows = [*items(board.get("panels")), *items(board.get("rows"))]
    for each in map(mapping, rows):
        yield each
        yield from map(mapping, items(each.get("panels")))


RULES = (unreadable, uid, panels)
