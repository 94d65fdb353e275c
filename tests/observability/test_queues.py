"""Queues are monitored if there are any, with the metrics that the rendered Kueue really exports."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.component_files.monitoring import load_exports
from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.observed_platform import (
    HERE,
    Compile,
    alerts,
    defined_alerts,
    expressions,
    jobs,
    not_alerted,
    objects,
    rules,
)
from tests.support.promql_uses import OTHERS, mistyped, uses
from tests.support.yaml_data import yaml_data

STACK = (HERE / "stacks" / "queues.yaml").read_text("utf-8")
QUEUE_ALERTS = {name for name in defined_alerts() if name.startswith(("Kueue", "Queue", "LocalQueue"))}


@pytest.fixture(scope="module")
def queues() -> Compilation:
    return compile_blueprint(str(HERE / "stacks" / "queues.yaml"))


def with_settings(**settings: bool) -> str:
    return STACK + f"  components: {{kueue: {{settings: {json.dumps(settings)}}}}}\n"


def test_there_are_rules_of_queues_only_where_there_are_queues(queues: Compilation, watched: Compilation) -> None:
    assert alerts(queues) >= QUEUE_ALERTS
    assert not alerts(watched) & QUEUE_ALERTS
    assert "gpu-queues-dashboard" in objects(queues, "ConfigMap")
    assert "gpu-queues-dashboard" not in objects(watched, "ConfigMap")


def test_the_job_of_its_rules_is_that_of_its_monitor(queues: Compilation) -> None:
    read, made = jobs(queues, "kueue", "kueue-controller-manager-metrics-monitor")
    assert read == made == {"gpublueprint/kueue"}


def test_expressions_read_only_what_is_exported_as_what_it_is(queues: Compilation) -> None:
    [counters] = [one for name, one in objects(queues, "ConfigMap").items() if name.startswith("gpu-metrics-")]
    kinds = OTHERS | {
        row.split(", ")[0]: row.split(", ")[1] for row in counters["data"]["dcgm-metrics.csv"].splitlines()
    }
    recorded = {rule["record"] for rule in rules(queues) if "record" in rule}
    read = [use for text in expressions(queues) for use in uses(text)]
    assert {use.metric for use in read} - recorded - set(kinds) == set()
    assert [use for use in read if mistyped(use, kinds)] == []


def test_whatever_is_read_of_the_manager_leaves_followers_out(queues: Compilation) -> None:
    """Two replicas count the same queues."""
    for text in expressions(queues):
        assert text.count("kueue_") == text.count('replica_role!="follower"'), text


def test_every_export_is_read_and_switched_by_a_setting_that_is_there(queues: Compilation) -> None:
    component = load_catalog().component("kueue")
    assert component
    exports = load_exports(component.folder)
    assert exports
    read = {use.metric for text in expressions(queues) for use in uses(text)}
    assert set(exports.metrics) - read == {"kueue_local_queue_pending_workloads"} - read
    assert {row.setting for row in exports.metrics.values()} - {None} <= set(component.settings)


@pytest.mark.parametrize(
    ("setting", "lost", "metric"),
    [
        ("quotaMetrics", "QueueQuotaOverCommitted", "kueue_cluster_queue_nominal_quota"),
        ("localQueueMetrics", "LocalQueueInactive", "kueue_local_queue_status"),
    ],
)
def test_what_a_setting_switches_off_is_not_read_and_said(
    setting: str, lost: str, metric: str, compiled: Compile
) -> None:
    found = compiled(with_settings(**{setting: False}))
    off = {name for name, row in load_exports(_kueue().folder).metrics.items() if row.setting == setting}  # type: ignore[union-attr]
    assert off
    assert not {use.metric for text in expressions(found) for use in uses(text)} & off
    assert lost not in alerts(found)
    why = {reason for (name, _), reason in not_alerted(found).items() if name == lost}
    assert any(metric in reason for reason in why)


def _kueue() -> Any:
    return load_catalog().component("kueue")


def test_the_managers_configuration_is_what_the_rules_assume(compiled: Compile) -> None:
    """Without the key Kueue exports every LocalQueue, so false must be written explicitly."""
    for value in (True, False):
        found = compiled(with_settings(localQueueMetrics=value))
        text = objects(found, "ConfigMap")["kueue-manager-config"]["data"]["controller_manager_config.yaml"]
        assert f"localQueueMetrics:\n    enable: {str(value).lower()}\n" in text


def test_an_external_kueue_is_not_monitored_and_this_is_reported(compiled: Compile) -> None:
    found = compiled(STACK + "  components: {kueue: {ownership: external}}\n")
    assert not alerts(found) & QUEUE_ALERTS
    assert "kueue is installed separately" in not_alerted(found)["KueueDown", None]
    assert "kueue-records" not in objects(found, "PrometheusRule")


def test_a_pool_that_can_grow_does_not_promise_capacity_that_it_lacks(queues: Compilation) -> None:
    told = not_alerted(queues)
    assert told["QueueQuotaOverCommitted", "spot"] == "the pool has no fixed number of nodes"
    assert ("QueueQuotaOverCommitted", "train") not in told


def test_an_alert_of_what_is_not_there_is_remarked(compiled: Compile) -> None:
    text = (
        (HERE / "watched.yaml")
        .read_text("utf-8")
        .replace("GpuMemoryTemperatureHigh: {threshold: 95}", "KueueDown: {for: 1m}")
    )
    [told] = [each for each in compiled(text).diagnostics if each.code.slug == "alert-not-in-force"]
    assert "KueueDown is about kueue, which this platform does not have" in told.message


def test_an_alert_whose_metric_a_setting_switches_off_is_an_error(compiled: Compile) -> None:
    found = compiled(
        with_settings(localQueueMetrics=False) + "", "spec.observability.alerts.LocalQueueInactive.severity=info"
    )
    [told] = [each for each in found.diagnostics if each.code.slug == "alert-lacks-metric"]
    assert "components: {kueue: {settings: {localQueueMetrics: true}}}" in str(told.help)


def test_every_alert_names_who_must_act(queues: Compilation) -> None:
    teams = {rule["alert"]: rule["labels"]["team"] for rule in rules(queues) if "alert" in rule}
    assert teams["KueueDown"] == "platform"
    assert teams["QueueStarved"] == "{{ $labels.cluster_queue }}"
    for name, definition in defined_alerts().items():
        assert definition.team == "platform" or definition.team.startswith("{{ $labels."), name


def test_descriptions_use_labels_that_the_expression_leaves() -> None:
    """A missing label would be an empty word in the middle of a sentence."""
    for name, definition in defined_alerts().items():
        words = f"{definition.summary} {definition.description} {definition.team}"
        for label in re.findall(r"\$labels\.(\w+)", words):
            kept = re.findall(r"by \(([^)]*)\)", definition.expr)
            if kept and ":" not in definition.expr:
                assert any(label in group for group in kept), f"{name}: {label}"


def test_limits_are_below_what_histograms_can_say() -> None:
    """The last bucket of Kueue's histograms is 10,240 seconds: a higher limit could never be exceeded."""
    threshold = defined_alerts()["QueueWaitTooLong"].threshold
    assert threshold
    assert threshold.maximum * 60 < 10240


def test_recordings_of_kueue_are_tested_where_they_calculate() -> None:
    tests = yaml_data(HERE / "rules" / "queues" / "queues.test.yaml")["tests"]
    tested = {one["expr"].partition("{")[0] for test in tests for one in test.get("promql_expr_test", ())}
    assert len(tested) >= 7
