"""Monitors, rules and counters: what they select and reach, which metrics exist, and which rules need which metrics."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint import promql
from blueprint.bundle.model import USERS, Object
from blueprint.check.rule_context import DeclaredPrometheus
from blueprint.check.runner import RuleResults, run_rules
from tests.support.rule_facts import context

PROMETHEUS = DeclaredPrometheus(monitors={"release": "kps"}, rules={"release": "kps", "role": "alerts"})


def monitor(kind: str, labels: dict[str, str]) -> dict[str, Any]:
    spec: dict[str, Any] = {"groups": []} if kind == "PrometheusRule" else {"selector": {}}
    metadata = {"name": "m", "namespace": "n", "labels": labels}
    return {"apiVersion": "monitoring.coreos.com/v1", "kind": kind, "metadata": metadata, "spec": spec}


def judged(*objects: dict[str, Any], prometheus: DeclaredPrometheus | None = PROMETHEUS) -> RuleResults:
    return run_rules(context([Object(each, USERS) for each in objects], prometheus=prometheus))


def codes(results: RuleResults) -> list[str]:
    return sorted(each.code.id for each in results.diagnostics)


@pytest.mark.parametrize(
    ("kind", "labels", "code"),
    [
        ("ServiceMonitor", {}, "BP6534"),
        ("ServiceMonitor", {"release": "other"}, "BP6534"),
        ("ServiceMonitor", {"release": "kps"}, None),
        ("PodMonitor", {"role": "alerts"}, "BP6534"),
        ("PodMonitor", {"release": "kps", "more": "x"}, None),
        ("PrometheusRule", {"release": "kps"}, "BP6532"),
        ("PrometheusRule", {"release": "kps", "role": "alerts"}, None),
    ],
)
def test_a_declared_prometheus_takes_what_has_its_labels(kind: str, labels: dict[str, str], code: str | None) -> None:
    assert codes(judged(monitor(kind, labels))) == ([code] if code else [])
    assert codes(judged(monitor(kind, labels), prometheus=None)) == []
    assert codes(judged(monitor(kind, labels), prometheus=DeclaredPrometheus({}, {}))) == []


def test_prometheus_objects_say_more_than_what_is_declared() -> None:
    server = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": "p", "namespace": "n"},
        "spec": {"podMonitorSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}},
    }
    assert codes(judged(server, monitor("PodMonitor", {"release": "kps"}))) == ["BP6534"]
    assert codes(judged(server, monitor("PodMonitor", {"team": "a"}))) == []


def pod_monitor(port: str, spec: dict[str, Any]) -> dict[str, Any]:
    selector = {"selector": {"matchLabels": {"app": "x"}}, "podMetricsEndpoints": [{"port": port}]}
    return {**monitor("PodMonitor", {}), "spec": {**selector, **spec}}


@pytest.mark.parametrize(
    ("port", "spec", "namespace", "found"),
    [
        ("metrics", {}, "n", []),
        ("metricz", {}, "n", ["BP6535"]),
        ("metrics", {}, "elsewhere", ["BP6574"]),
        ("metrics", {"namespaceSelector": {"any": True}}, "elsewhere", []),
        ("metrics", {"namespaceSelector": {"matchNames": ["elsewhere"]}}, "elsewhere", []),
        ("metrics", {"namespaceSelector": {"matchNames": ["other"]}}, "elsewhere", ["BP6574"]),
    ],
)
def test_pods_that_a_monitor_reaches(port: str, spec: dict[str, Any], namespace: str, found: list[str]) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": namespace, "labels": {"app": "x"}},
        "spec": {"containers": [{"name": "c", "image": "r/c:1", "ports": [{"name": "metrics", "containerPort": 80}]}]},
    }
    assert codes(judged(pod, pod_monitor(port, spec), prometheus=None)) == found


def rules(*entries: dict[str, str]) -> dict[str, Any]:
    return {**monitor("PrometheusRule", {}), "spec": {"groups": [{"name": "g", "rules": list(entries)}]}}


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        ("DCGM_FI_DEV_XID_ERRORS > 0", ["BP6571"]),
        ("max by (gpu) (DCGM_FI_DEV_XID_ERROR) != 0", ["BP6571"]),
        ("changes(DCGM_FI_DEV_XID_ERRORS[10m]) > 0", []),
        ("DCGM_FI_DEV_XID_ERRORS != DCGM_FI_DEV_XID_ERRORS offset 5m", []),
        ("DCGM_FI_DEV_XID_ERRORS == 79", []),
        ("rate(DCGM_FI_DEV_POWER_USAGE[5m]) > 1", ["BP6572"]),
        ("rate(DCGM_FI_DEV_BOARD_POWER_WATTS[5m]) > 1", ["BP6572"]),
        ("increase(DCGM_FI_DEV_PCIE_REPLAY_COUNTER[5m]) > 1", []),
        ("increse(x[5m]) > 1", ["BP6570"]),
        ("entirely_new_function(x[5m]) > 1", []),
        ("first_and_last_over_time(x[5m]) > 1", []),
        ("sum(x by (y)", ["BP6570"]),
        ("DCGM_FI_DEV_GPU_UTILIZATION > 1", ["BP6533"]),
        ("DCGM_FI_DEV_GPU_UTIL_RATIO > 1", []),
    ],
)
def test_expressions_of_alerts(expr: str, found: list[str]) -> None:
    assert codes(judged(rules({"alert": "A", "expr": expr}), prometheus=None)) == found


def test_without_the_library_the_report_says_which_rules_did_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promql, "is_available", lambda: False)
    results = judged(rules({"alert": "A", "expr": "sum("}), prometheus=None)
    assert not results.diagnostics
    assert {code.id for each in results.skipped for code in each.rule.codes} >= {"BP6570", "BP6571", "BP6572"}
    assert all("promql-parser is not installed" in each.reason for each in results.skipped)


@pytest.mark.parametrize("key", ["metrics", "dcgm-metrics.csv", "counters.csv", "anything"])
def test_counters_are_read_under_every_key(key: str) -> None:
    text = "DCGM_FI_DEV_GPU_TEMP, gauge, Temperature\nDCGM_FI_DEV_GPU_TEMPERATURE, gauge, Temperature\n"
    counters = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "n"},
        "data": {key: text},
    }
    assert codes(judged(counters, prometheus=None)) == ["BP6576"]
