"""KAI's queues are monitored if there are any, with the metrics that KAI really exports."""

from __future__ import annotations

import json

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.component_files.monitoring import load_exports
from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.observed_platform import HERE, Compile, alerts, defined_alerts, jobs, objects, panels, rules
from tests.support.promql_uses import OTHERS, mistyped, uses

STACK = (HERE / "stacks" / "kai.yaml").read_text("utf-8")
KAI_ALERTS = {name for name in defined_alerts() if name.startswith("Kai")}


@pytest.fixture(scope="module")
def kai() -> Compilation:
    return compile_blueprint(str(HERE / "stacks" / "kai.yaml"))


def kai_rules(compilation: Compilation) -> list[str]:
    """The expressions of KAI's rules and panels."""
    found = [rule["expr"] for rule in rules(compilation) if "kai" in rule["expr"]]
    return [*found, *panels(compilation, "gpu-kai-dashboard")]


def test_there_are_rules_of_kai_only_where_kai_is(kai: Compilation, watched: Compilation) -> None:
    assert KAI_ALERTS
    assert alerts(kai) >= KAI_ALERTS
    assert not alerts(watched) & KAI_ALERTS
    assert "gpu-kai-dashboard" in objects(kai, "ConfigMap")
    assert "gpu-kai-dashboard" not in objects(watched, "ConfigMap")


def test_the_team_view_shows_queues_of_kai_only_with_kai(kai: Compilation) -> None:
    queues = compile_blueprint(str(HERE / "stacks" / "queues.yaml"))
    for compilation, there in ((kai, True), (queues, False)):
        board = json.loads(*objects(compilation, "ConfigMap")["gpu-team-dashboard"]["data"].values())
        titles = [panel["title"] for panel in board["panels"]]
        assert any("(KAI)" in title for title in titles) is there


def test_the_jobs_of_its_rules_are_those_of_its_monitors(kai: Compilation) -> None:
    read, made = jobs(kai, "kai-", "kai-queues", "kai-schedulers")
    assert read == made == {"gpublueprint/kai-queues", "gpublueprint/kai-schedulers"}


def test_its_schedulers_are_known_by_their_services(kai: Compilation) -> None:
    """Schedulers do not export their shard, so the rules read it from the name that the operator gives the Service."""
    [expression] = objects(kai, "ServiceMonitor")["kai-schedulers"]["spec"]["selector"]["matchExpressions"]
    assert "kai-scheduler-notebooks" in expression["values"]


def test_expressions_read_only_what_is_exported_as_what_it_is(kai: Compilation) -> None:
    recorded = {rule["record"] for rule in rules(kai) if "record" in rule}
    read = [use for text in kai_rules(kai) for use in uses(text)]
    assert {use.metric for use in read} - recorded - set(OTHERS) == set()
    assert [use for use in read if mistyped(use, OTHERS)] == []


def test_every_export_is_read(kai: Compilation) -> None:
    component = load_catalog().component("kai-scheduler")
    assert component
    exports = load_exports(component.folder)
    assert exports
    assert set(exports.metrics) <= {use.metric for text in kai_rules(kai) for use in uses(text)}


def test_an_external_kai_is_not_monitored(compiled: Compile) -> None:
    found = compiled(STACK + "  components: {kai-scheduler: {ownership: external}}\n")
    assert not alerts(found) & KAI_ALERTS
    assert "kai-scheduler-records" not in objects(found, "PrometheusRule")
