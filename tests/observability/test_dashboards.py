"""Dashboards suit a current Grafana: no Angular panels, no fixed data source, no overlapping panels."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blueprint.pipeline import Compilation
from tests.support.observed_platform import TEXT, Compile, objects

TYPES = {"timeseries", "stat", "table", "gauge", "bargauge", "heatmap", "row"}


def boards(compilation: Compilation) -> dict[str, Any]:
    found = objects(compilation, "ConfigMap")
    return {name: one for name, one in found.items() if name.endswith("-dashboard")}


def test_each_is_a_config_map_that_the_sidecar_loads(watched: Compilation) -> None:
    assert sorted(boards(watched)) == ["gpu-cost-dashboard", "gpu-fleet-dashboard", "gpu-use-dashboard"]
    uids = set()
    for one in boards(watched).values():
        assert one["metadata"]["labels"]["grafana_dashboard"] == "1"
        [(file, text)] = one["data"].items()
        board = json.loads(text)
        assert file == f"{board['uid']}.json"
        assert len(board["uid"]) <= 40
        assert board["schemaVersion"] >= 39
        assert len(text) < 1 << 20
        uids.add(board["uid"])
    assert len(uids) == 3


def panels(watched: Compilation) -> list[dict[str, Any]]:
    return [panel for one in boards(watched).values() for panel in json.loads(*one["data"].values())["panels"]]


def test_panels_are_of_known_types_and_take_the_chosen_data_source(watched: Compilation) -> None:
    found = panels(watched)
    assert {panel["type"] for panel in found} <= TYPES
    assert len([panel for panel in found if panel["type"] != "row"]) >= 25
    for panel in found:
        for part in (panel, *panel.get("targets", ())):
            if panel["type"] != "row":
                assert part["datasource"]["uid"] == "${datasource}"


def test_a_heatmap_creates_its_buckets_from_series(watched: Compilation) -> None:
    found = [panel for panel in panels(watched) if panel["type"] == "heatmap"]
    assert found
    assert all(panel["options"]["calculate"] for panel in found)


def test_units_are_those_of_the_metrics(watched: Compilation) -> None:
    """Ratios are shown as percentages, watts as watts: each panel's unit is that of its metric."""
    units = {
        "ratio": "percentunit", "per_hour": "currencyUSD", "per_month": "currencyUSD", "POWER_USAGE": "watt",
        "_watts:": "watt", "GPU_TEMP": "celsius", "MEMORY_TEMP": "celsius", "_seconds:": "s",
        "_active:avg": "percentunit",
    }  # fmt: skip
    seen = set()
    for panel in panels(watched):
        for target in panel.get("targets", ()):
            for text, unit in units.items():
                if text in target["expr"]:
                    assert panel["fieldConfig"]["defaults"]["unit"] == unit, panel["title"]
                    seen.add(text)
    assert seen == set(units)


def test_variables_offer_all_where_a_pool_has_no_data(watched: Compilation) -> None:
    """Their value is then a regular expression that matches everything, not an empty list."""
    for one in boards(watched).values():
        for variable in json.loads(*one["data"].values())["templating"]["list"]:
            if variable["type"] == "query":
                assert (variable["includeAll"], variable["allValue"]) == (True, ".*")
                assert variable["current"]["value"] == "$__all"


@pytest.mark.parametrize("name", ["gpu-fleet-dashboard", "gpu-use-dashboard", "gpu-cost-dashboard"])
def test_panels_do_not_overlap_and_have_numbers_of_their_own(name: str, watched: Compilation) -> None:
    board = json.loads(*boards(watched)[name]["data"].values())
    cells: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        mine = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in mine) < 24
        assert not cells & mine
        cells |= mine
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_a_panel_without_its_metric_is_left_out(compiled: Compile) -> None:
    text = TEXT.replace("metrics: full", "metrics: minimal").replace(
        "GpuMemoryTemperatureHigh: {threshold: 95}", "GpusMissing: {for: 1h}"
    )
    text = text.replace("      GpuXidApplication: {for: 1m, severity: warning}\n", "")
    titles = {panel["title"] for panel in panels(compiled(text))}
    assert "Hottest GPU of each node" in titles
    assert "Hottest memory of each node" not in titles


def test_no_dashboards_are_rendered_if_they_are_disabled(compiled: Compile) -> None:
    assert boards(compiled(TEXT, "spec.observability.dashboards=false")) == {}
