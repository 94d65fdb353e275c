"""Every expression is valid PromQL, and reads only existing metrics according to their types."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.observed_platform import HERE, TEXT, Compile, objects, rules
from tests.support.promql_uses import OTHERS, mistyped, uses

SETS = ("minimal", "standard", "full")
NAMES = ("legacy", "dcgm-4.6")


@pytest.fixture(scope="module", params=itertools.product(SETS, NAMES), ids="-".join)
def platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    """The monitored platform with each set of metrics, under either name."""
    metrics, names = request.param
    text = TEXT.replace("metrics: full", f"metrics: {metrics}").replace(
        "      GpuMemoryTemperatureHigh: {threshold: 95}\n", ""
    )
    text = text.replace("      GpuXidApplication: {for: 1m, severity: warning}\n", "      GpusMissing: {for: 20m}\n")
    text += f"    gpu-observability: {{settings: {{metricNames: {names}}}}}\n"
    file: Path = tmp_path_factory.mktemp("platform") / "blueprint.yaml"
    file.write_text(text)
    return compile_blueprint(str(file))


def exported(compilation: Compilation) -> dict[str, str]:
    """The exporter's metrics and their types, according to its counter file."""
    [counters] = [one for name, one in objects(compilation, "ConfigMap").items() if name.startswith("gpu-metrics-")]
    rows = [line.split(", ") for line in counters["data"]["dcgm-metrics.csv"].splitlines()]
    assert all(len(row) == 3 for row in rows), "the exporter takes exactly three fields"
    return {name: kind for name, kind, _ in rows}


def expressions(compilation: Compilation) -> Iterator[str]:
    """The expressions of rules, and of panels with their variables filled in."""
    for rule in rules(compilation):
        yield rule["expr"]
    for name, one in objects(compilation, "ConfigMap").items():
        if name.endswith("-dashboard"):
            [text] = one["data"].values()
            for panel in json.loads(text)["panels"]:
                for target in panel.get("targets", ()):
                    yield re.sub(r"\$(pool|namespace)", ".*", target["expr"])


def test_expressions_read_only_what_is_exported_or_recorded(platform: Compilation) -> None:
    recorded = {rule["record"] for rule in rules(platform) if "record" in rule}
    known = {*exported(platform), *OTHERS, *recorded}
    read = {use.metric for text in expressions(platform) for use in uses(text)}
    assert len(read) > 15
    assert read - known == set()


def test_rates_are_of_counters_and_averages_are_not(platform: Compilation) -> None:
    kinds = exported(platform) | OTHERS
    wrong = [use for text in expressions(platform) for use in uses(text) if mistyped(use, kinds)]
    assert wrong == []


def test_the_check_of_types_can_fail() -> None:
    kinds = {"c": "counter", "g": "gauge"}
    assert [
        mistyped(use, kinds) for text in ("rate(g[5m])", "c > 1", "max_over_time(c[1h])") for use in uses(text)
    ] == [True] * 3
    assert not [
        use for text in ("rate(c[5m])", "g > 1", "max_over_time(g[1h])") for use in uses(text) if mistyped(use, kinds)
    ]
    with pytest.raises(ValueError, match=r"."):
        uses("sum by (a b) (c)")


def test_metrics_of_other_exporters_are_listed_with_their_source() -> None:
    data = yaml.safe_load((HERE / "other-metrics.yaml").read_text())
    assert {row["source"] for row in data["metrics"].values()} == set(data["sources"])


def test_products_of_a_comparison_keep_their_parentheses() -> None:
    """`a * b == 1` is `(a * b) == 1`: it would drop every pod with more than one GPU."""
    text = (HERE.parents[1] / "components" / "gpu-observability" / "records.yaml").read_text()
    assert '(kube_pod_status_phase{phase="Running"} == 1)' in text


@pytest.mark.parametrize("names", NAMES)
def test_either_dialect_names_all_or_nothing(names: str, compiled: Compile) -> None:
    told = exported(compiled(TEXT + f"    gpu-observability: {{settings: {{metricNames: {names}}}}}\n"))
    assert ("DCGM_FI_DEV_GPU_TEMP" in told, "DCGM_FI_DEV_GPU_TEMP_CELSIUS" in told) == (
        names == "legacy",
        names != "legacy",
    )
    assert "DCGM_FI_DEV_FB_USED" in told, "DCGM 4.6 did not rename it"
