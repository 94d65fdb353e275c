"""Karpenter is monitored if the blueprint installs it, with the metrics that it exports."""

from __future__ import annotations

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
)
from tests.support.promql_uses import uses

STACK = (HERE / "stacks" / "provisioning.yaml").read_text("utf-8")
ALERTS = {name for name in defined_alerts() if name.startswith("Karpenter")}


@pytest.fixture(scope="module")
def provisioned() -> Compilation:
    return compile_blueprint(str(HERE / "stacks" / "provisioning.yaml"))


def test_its_alerts_and_dashboard_are_there_only_with_it(provisioned: Compilation, watched: Compilation) -> None:
    assert len(ALERTS) == 8
    assert alerts(provisioned) >= ALERTS
    assert not alerts(watched) & ALERTS
    assert "gpu-provisioning-dashboard" in objects(provisioned, "ConfigMap")
    assert "gpu-provisioning-dashboard" not in objects(watched, "ConfigMap")


def test_the_job_of_its_rules_is_that_of_its_monitor(provisioned: Compilation) -> None:
    read, made = jobs(provisioned, "karpenter", "karpenter")
    assert read == made == {"gpublueprint/karpenter"}


def test_every_export_is_read_and_every_metric_that_is_read_is_exported(provisioned: Compilation) -> None:
    component = load_catalog().component("karpenter")
    assert component
    exports = load_exports(component.folder)
    assert exports
    read = {use.metric for text in expressions(provisioned) for use in uses(text)}
    assert {name for name in read if name.startswith(("karpenter_", "operator_"))} == set(exports.metrics)
    assert {each.setting for each in exports.metrics.values()} - {None} <= set(component.settings)


def test_without_metrics_of_its_state_their_alerts_are_left_out(compiled: Compile) -> None:
    found = compiled(STACK.replace("clusterName: acme", "stateMetrics: false, clusterName: acme"))
    assert alerts(found) & ALERTS == {"KarpenterDown", "KarpenterPodsUnschedulable", "KarpenterCloudErrors"}


def test_an_external_karpenter_is_not_monitored_and_this_is_reported(compiled: Compile) -> None:
    start = STACK.index("  components:\n")
    found = compiled(STACK[:start] + STACK[STACK.index("  observability:") :])
    assert not alerts(found) & ALERTS
    assert "karpenter is installed separately" in not_alerted(found)["KarpenterDown", None]
