"""Grafana dashboards as plain JSON: rows of panels, arranged in twenty-four columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from blueprint.catalog.component_files.monitoring import Panel

SCHEMA_VERSION = 39
HEIGHT = 8
COLUMNS = 24
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def queries_of(panel: Panel) -> Iterable[str]:
    """The expressions of a panel."""
    return panel.queries.values()


def dashboard_json(
    uid: str, title: str, rows: Mapping[str, list[Panel]], translate: Callable[[str], str], variables: Mapping[str, str]
) -> str:
    """One dashboard, without empty rows. `translate` returns the exported metric names.

    `variables` are labels for selection, and the metrics that have them.
    """
    import orjson

    board = {
        "uid": uid,
        "title": title,
        "tags": ["gpu"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "templating": {"list": list(_variables(variables))},
        "panels": list(_panels(rows, translate)),
    }
    return orjson.dumps(board, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def _variables(variables: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    yield {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    for name, query in variables.items():
        yield {
            "name": name,
            "label": name.replace("_", " ").capitalize(),
            "type": "query",
            "datasource": _SOURCE,
            "query": {"query": f"label_values({query}, {name})", "refId": name},
            "refresh": 2,
            "includeAll": True,
            "multi": True,
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
        }


def _panels(rows: Mapping[str, list[Panel]], translate: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for title, panels in rows.items():
        if not panels:
            continue
        yield {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
               "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1}}  # fmt: skip
        number, top, left = number + 1, top + 1, 0
        for panel in panels:
            if left + panel.width > COLUMNS:
                top, left = top + HEIGHT, 0
            place = {"x": left, "y": top, "w": panel.width, "h": HEIGHT}
            yield {"id": number, "gridPos": place, **_panel(panel, translate)}
            number, left = number + 1, left + panel.width
        top += HEIGHT


def _panel(panel: Panel, translate: Callable[[str], str]) -> dict[str, Any]:
    instant = panel.type in ("table", "stat", "gauge", "bargauge")
    return {
        "type": panel.type,
        "title": panel.title,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, **_bounds(panel)}, "overrides": []},
        "options": {"calculate": True} if panel.type == "heatmap" else {},  # otherwise it interprets series as buckets
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": _SOURCE,
                "expr": translate(expression),
                "legendFormat": legend or "__auto",
                "instant": instant,
                "range": not instant,
                "format": "table" if panel.type == "table" else "time_series",
            }
            for index, (legend, expression) in enumerate(panel.queries.items())
        ],
    }


def _bounds(panel: Panel) -> dict[str, int]:
    return {"min": 0, "max": 1} if panel.unit == "percentunit" else {}
