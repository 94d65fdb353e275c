"""Prerequisites of observability, and the omitted alerts; the same for the lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from blueprint.platform.model import Platform

if TYPE_CHECKING:
    from blueprint.platform.observability.model import Observability


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of the cluster, one iterator per set of sources."""
    watched = platform.observability
    if watched is None:
        return
    yield _prometheus(watched)
    yield _grafana(watched)
    yield _exporter(watched)
    for name in watched.definitions:
        yield _left_out(name, watched)


def _prometheus(watched: Observability) -> Iterator[str]:
    yield (
        f"A Prometheus of the Prometheus operator runs in the namespace {watched.prometheus_namespace}; its custom"
        " resources ServiceMonitor and PrometheusRule (monitoring.coreos.com/v1) are installed."
    )
    monitors, rules = watched.spec_labels
    yield (
        f"In the namespace {watched.namespace}, it selects ServiceMonitors with {_labels(monitors)} and PrometheusRules"
        f" with {_labels(rules)}."
    )
    yield f"It may list and watch Services, EndpointSlices and Pods in the namespace {watched.exporter.namespace}."
    yield "It may list and watch Nodes, so that each sample gets the pool of its node as a label."
    yield "kube-state-metrics is installed, and scraped without changing the labels namespace, pod and node."
    if watched.claimed:
        yield "The version of kube-state-metrics is 2.20 or newer; older versions do not export the claims of pods."


def _labels(labels: dict[str, str]) -> str:
    return "the labels " + ", ".join(f"{k}={v}" for k, v in sorted(labels.items())) if labels else "any labels"


def _grafana(watched: Observability) -> Iterator[str]:
    if watched.dashboards:
        yield "Grafana's sidecar loads ConfigMaps with the label grafana_dashboard."


def _exporter(watched: Observability) -> Iterator[str]:
    component = watched.exporter.component
    if component is None or component.ownership == "managed":
        return
    if watched.operated:
        policy = "GPUCluster" if watched.claimed else "ClusterPolicy"
        yield (
            f"The GPU Operator, which is installed separately, configures its exporters with the ConfigMap"
            f" {watched.config_name}, in dcgmExporter.config.name of the {policy}."
        )
    else:
        labels = ", ".join(f"{key}={value}" for key, value in sorted(watched.exporter.selector.items()))
        yield (
            f"The exporters, installed separately, have a Service in the namespace {watched.exporter.namespace}"
            f" with the labels {labels} and the port {watched.exporter.port}, and export the metrics that"
            " blueprint.lock lists."
        )


def _left_out(name: str, watched: Observability) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for each in watched.left_out:
        if each.name == name:
            reasons.setdefault(each.why, []).append(each.pool)
    for why, pools in reasons.items():
        where = f" for {', '.join(pools)}" if any(pools) else ""
        yield f"The alert {name} is not rendered{where}: {why}."


def observability_to_json(platform: Platform) -> dict[str, Any] | None:
    """The section in the lock: the exporter's metrics, the rendered alerts and the omitted ones."""
    watched = platform.observability
    if watched is None:
        return None
    return {
        "metricNames": watched.names,
        "metrics": [watched.translated(name) for name in watched.exported],
        "alerts": sorted({alert.name for group in watched.alert_groups for alert in group.rules}),
        "notAlerted": [{"alert": o.name, "pool": o.pool or None, "why": o.why} for o in watched.left_out],
        "scrapeInterval": watched.interval,
    }
