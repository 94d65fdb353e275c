"""What is watched: the exporter's metrics, alerts and recording rules of this platform's pools, dashboards.

Only what can work is here. An alert whose metric is not exported, or whose limit nobody knows, is left out and listed
in `left_out`, so that prerequisites and lock can say it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blueprint.catalog.monitoring import AlertDefinition, Monitoring, Threshold, load_monitoring
from blueprint.platform.dashboards import dashboard_json, queries_of
from blueprint.platform.drivers import DRA
from blueprint.platform.olm import OWN_PROMETHEUSES
from blueprint.platform.origin import Source
from blueprint.platform.promql import chosen, filled, in_dialect, lacking, limit_of
from blueprint.platform.reads import derived, note, plain

if TYPE_CHECKING:
    from blueprint.platform.component import PlatformComponent
    from blueprint.platform.model import Platform
    from blueprint.platform.pool import Pool

CLAIMED = "pods claim GPUs (gpuStack: gpuCluster), and what it reads is counted only beside a device plugin"
_OF_CLUSTER_POLICY = "gpu_operator_reconciliation_status"
"""A metric that the operator sets for a ClusterPolicy alone; under a GPUCluster it stays 0."""
_REQUESTED, _HELD = "namespace_pool:gpu_requested:sum", "namespace_pool:gpu_held:count"
"""The recording rules from which dashboards learn the namespaces that use GPUs."""
INTERVALS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> int:
    """`10m` in seconds."""
    return int(duration[:-1]) * INTERVALS[duration[-1]]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An alert, panel or rule that is not rendered, and why; `pool` is empty where it is about the platform."""

    name: str
    pool: str
    why: str


class Alert:
    """One alerting rule: an alert's definition, for one pool or for the platform."""

    def __init__(self, name: str, definition: AlertDefinition, pool: Pool | None, owner: Observability) -> None:
        self.name = name
        self.definition = definition
        self.pool = pool
        self._owner = owner

    @derived
    def spec(self) -> Any:
        """What the blueprint says of it, or None."""
        alerts = self._owner.spec.alerts
        return alerts[self.name] if self.name in plain_keys(alerts) else None

    @derived
    def enabled(self) -> bool:
        """Whether the blueprint leaves it on."""
        return self.spec is None or self.spec.enabled

    @derived
    def severity(self) -> str:
        """`info`, `warning` or `critical`."""
        return (self.spec.severity if self.spec is not None else None) or self._default("severity")

    @derived
    def lasting(self) -> str | None:
        """How long it must hold; None: it fires at once."""
        lasting = (self.spec.lasting if self.spec is not None else None) or self._default("lasting")
        return None if seconds(lasting) == 0 else lasting

    @derived
    def expr(self) -> str | None:
        """The expression; None where there is no limit."""
        definition = self.definition
        limit = self._limit(definition.threshold) if definition.threshold else None
        expression = chosen(definition, limit)
        note(self._owner.line("alerts", self.name, "expr"))
        operator = self._owner.operator_namespace if "${operator}" in (expression or "") else ""
        return expression and filled(expression, self.pool, limit, operator)

    def _limit(self, threshold: Threshold) -> Any:
        given = self.spec.threshold if self.spec is not None else None
        note(self._owner.line("alerts", self.name, "threshold"))
        return limit_of(threshold, given, self.pool.gpu.facts if self.pool and self.pool.gpu else None)

    @derived
    def told(self) -> str:
        """The expression with the exporter's names."""
        return self._owner.worded(self.expr or "")

    @derived
    def why_left_out(self) -> str | None:
        """Why it is not rendered, or None."""
        if not self.enabled:
            return "it is switched off here"
        if self.definition.when == "devicePlugin" and self._owner.claimed:
            return CLAIMED
        if self.pool and "${nodes}" in self.definition.expr and self.pool.nodes_min == 0:
            return "the pool may have no nodes at all"
        if self.expr is None:
            assert self.definition.threshold  # noqa: S101 - otherwise there is an expression
            return str(self._limit(self.definition.threshold).why)
        missing = list(lacking(self.expr, self._owner.exported))
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not exported" if missing else None

    @derived
    def summary(self) -> str:
        """One line for people."""
        return self._default("summary")

    @derived
    def description(self) -> str:
        """What is the matter, with the labels of the alert."""
        return filled(self._default("description"), self.pool, None)

    @derived
    def runbook(self) -> str:
        """Where it is explained."""
        return f"{self._owner.runbooks}/{self.name}.md"

    def _default(self, key: str) -> str:
        note(self._owner.line("alerts", self.name, key))
        return str(getattr(self.definition, key))


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated together."""

    name: str
    rules: tuple[Any, ...]


class Recording:
    """One recording rule."""

    def __init__(self, record: str, expr: str, source: Source, labels: dict[str, str] | None = None) -> None:
        self.record = record
        self._expr = expr
        self._source = source
        self.labels = labels

    @property
    def expr(self) -> str:
        """The expression."""
        note(self._source)
        return self._expr


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard as Grafana reads it."""

    uid: str
    json: str


class Observability:
    """Everything that is watched."""

    def __init__(self, spec: Any, platform: Platform, component: PlatformComponent) -> None:
        self.spec = spec
        self._platform = platform
        self._component = component

    @property
    def data(self) -> Monitoring:
        """The definitions."""
        return load_monitoring(self._component.component.folder)

    def line(self, file: str, *path: str) -> Source:
        """The line of a definition."""
        record = getattr(self.data, file)
        inside = ("groups" if file == "records" else file, *path)
        return Source("component", record.span(*inside), ".".join(inside))

    @derived
    def namespace(self) -> str:
        """Where Prometheus looks for monitors and rules: where it runs. OpenShift's own look where the operator is."""
        if self._platform.by_olm and self.prometheus_namespace in OWN_PROMETHEUSES:
            return self.operator_namespace
        return self.prometheus_namespace

    @derived
    def prometheus_namespace(self) -> str:
        """Where Prometheus runs."""
        return str(self.spec.prometheus.namespace)

    @derived
    def monitor_labels(self) -> dict[str, str]:
        """Labels of monitors: the component's, and those by which Prometheus selects."""
        return self._component.labels | self.spec_labels[0]

    @derived
    def rule_labels(self) -> dict[str, str]:
        """Labels of rules: the component's, and those by which Prometheus selects."""
        return self._component.labels | self.spec_labels[1]

    @derived
    def spec_labels(self) -> tuple[dict[str, str], dict[str, str]]:
        """The labels by which Prometheus selects monitors and rules, alone."""
        monitors = dict(plain(self.spec.prometheus.selector_labels))
        own = self.spec.prometheus.rule_selector_labels
        return monitors, monitors if own is None else dict(plain(own))

    @derived
    def interval(self) -> str:
        """How often Prometheus reads the exporters."""
        return str(self.spec.prometheus.scrape_interval)

    @derived
    def timeout(self) -> str:
        """How long it waits for an answer: two thirds of the interval, at most ten seconds."""
        return f"{min(10, max(1, seconds(self.interval) * 2 // 3))}s"

    @derived
    def names(self) -> str:
        """`legacy`, or `dcgm-4.6`."""
        return str(self._component.settings.metricNames)

    @derived
    def runbooks(self) -> str:
        """Where the pages about alerts are."""
        return str(self._component.settings.runbooks).rstrip("/")

    def worded(self, expression: str) -> str:
        """An expression with the names that the exporter uses."""
        return in_dialect(expression, self.names, self.data.metrics)

    @derived
    def exported(self) -> dict[str, str]:
        """The metrics that the exporter exports, with their type, by their names of before DCGM 4.6."""
        metrics = self.data.metrics
        wanted = {*metrics.of_set(self.spec.metrics.set), *plain(self.spec.metrics.include)}
        wanted -= set(plain(self.spec.metrics.exclude))
        return {name: row.type for name, row in metrics.metrics.items() if name in wanted}

    @derived
    def counters(self) -> str:
        """The exporter's counter file."""
        note(Source("component", self.data.metrics.span("metrics"), "metrics"))
        rows = self.data.metrics.metrics
        return "".join(f"{self.worded(name)}, {kind}, {rows[name].help}\n" for name, kind in self.exported.items())

    @derived
    def config_name(self) -> str:
        """The name of the counter file's ConfigMap; it changes with its content, so that exporters read it again."""
        import hashlib

        return f"gpu-metrics-{hashlib.sha256(self.counters.encode()).hexdigest()[:8]}"

    @derived
    def node_status(self) -> bool:
        """Whether the operator runs exporters of the nodes' state."""
        found = not self.claimed and self._operator is not None
        return found and bool(self._platform.setting("gpu-operator", "nodeStatusExporter"))

    @derived
    def claimed(self) -> bool:
        """Whether pods claim GPUs. Then nothing counts requests, and the operator says nothing of its own state."""
        return bool(self._platform.allocation == DRA)

    @derived
    def exporter(self) -> str:
        """Value of the label `app` of the exporters' Service, which the operator makes."""
        return "nvidia-dcgm-exporter-dra" if self.claimed else "nvidia-dcgm-exporter"

    @derived
    def _operator(self) -> PlatformComponent | None:
        return self._platform.components.get("gpu-operator")

    @derived
    def operator_namespace(self) -> str:
        """Where exporters and operator run."""
        return self._operator.namespace if self._operator is not None else "gpu-operator"

    @derived
    def _alerts(self) -> tuple[Alert, ...]:
        return tuple(self._all_alerts())

    def _all_alerts(self) -> Iterator[Alert]:
        for name, definition in self.data.alerts.alerts.items():
            if definition.when != "devicePlugin" and not self._holds(definition.when):
                continue
            for pool in self._platform.gpu_pools if definition.per == "pool" else (None,):
                yield Alert(name, definition, pool, self)

    def _holds(self, when: str | None) -> bool:
        if when == "driver":
            return self._platform.driver.enabled
        if when == "nodeStatus":
            return self.node_status
        if when == "devicePlugin":
            return not self.claimed
        return when != "cost" or bool(self._prices())

    @derived
    def alert_groups(self) -> tuple[RuleGroup, ...]:
        """The alerts that are rendered: the platform's, then each pool's."""
        names: list[str | None] = [None, *(pool.name for pool in self._platform.gpu_pools)]
        groups = (
            RuleGroup(
                f"gpu-alerts.{name}" if name else "gpu-alerts",
                tuple(a for a in self._alerts if (a.pool.name if a.pool else None) == name and not a.why_left_out),
            )
            for name in names
        )
        return tuple(group for group in groups if group.rules)

    @derived
    def left_out(self) -> tuple[LeftOut, ...]:
        """Alerts that are not rendered."""
        return tuple(
            LeftOut(alert.name, alert.pool.name if alert.pool else "", why)
            for alert in self._alerts
            if (why := alert.why_left_out)
        )

    @derived
    def record_groups(self) -> tuple[RuleGroup, ...]:
        """The recording rules that are rendered, in the order in which they build upon each other."""
        known: set[str] = set()
        groups = []
        for name, definitions in self.data.records.groups.items():
            rules = self._prices() if name == "cost" else []
            known |= {rule.record for rule in rules}
            for index, one in enumerate(definitions):
                if self._holds(one.when) and not self._without(one.expr, known):
                    source = Source("component", self.data.records.span("groups", name, index), f"groups.{name}")
                    rules.append(Recording(one.record, self.worded(one.expr), source))
                    known.add(one.record)
            if rules:
                groups.append(RuleGroup(f"gpu-{name}", tuple(rules)))
        return tuple(groups)

    def _prices(self) -> list[Recording]:
        found = []
        for pool in () if self.claimed else self._platform.gpu_pools:
            if pool.cost_per_gpu_hour is not None:
                source = self._platform.origins.source(("spec", "nodePools", pool.name, "costPerGpuHour"))
                price = f"vector({pool.cost_per_gpu_hour:g})"
                found.append(Recording("pool:gpu_price:per_hour", price, source, {"pool": pool.own_label}))
        return found

    def _without(self, expression: str, known: set[str]) -> bool:
        """Whether an expression reads a metric that is not exported, or a recording rule that is not there."""
        if self.claimed and _OF_CLUSTER_POLICY in expression:
            return True
        return any(lacking(expression, self.exported)) or not records_in(expression) <= known

    @derived
    def dashboards(self) -> tuple[Dashboard, ...]:
        """The dashboards, of panels that have data."""
        if not self.spec.dashboards:
            return ()
        known = {rule.record for group in self.record_groups for rule in group.rules}
        note(self.line("dashboards"))
        found = []
        for uid, definition in self.data.dashboards.dashboards.items():
            rows = {
                title: [panel for panel in panels if not any(self._without(q, known) for q in queries_of(panel))]
                for title, panels in definition.rows.items()
            }
            found.append(
                Dashboard(
                    uid, dashboard_json(uid, definition.title, rows, self.worded, _HELD if self.claimed else _REQUESTED)
                )
            )
        return tuple(found)


def plain_keys(mapping: Any) -> frozenset[str]:
    """The keys of a tracked mapping, which also notes where they stand."""
    return frozenset(mapping)


def records_in(expression: str) -> frozenset[str]:
    """The recording rules that an expression reads."""
    import re

    return frozenset(re.findall(r"\b[a-z_]+:[a-z_]+:[a-z0-9_]+", expression))
