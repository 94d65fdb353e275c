"""The monitoring of the platform: the exporter's metrics, alerts and recording rules for its pools, dashboards.

It contains only what can work. An alert whose metric is not exported, or whose limit is unknown, is omitted and listed
in `left_out`, so that prerequisites and lock can report it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.component_files.monitoring import AlertDefinition, Monitoring, load_monitoring
from blueprint.platform.components.digests import digest
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.components.pod_settings import PerKey
from blueprint.platform.observability.alerts import CLAIMED, NO_NVLINK_5, Alert, DeclaredAlert, LeftOut
from blueprint.platform.observability.claim_driver import NO_DRA_METRICS, ClaimDriver, claim_driver_of
from blueprint.platform.observability.dashboards import dashboard_json, queries_of
from blueprint.platform.observability.exporter import Exporter
from blueprint.platform.observability.expressions import filled, in_dialect, lacking, records_in
from blueprint.platform.observability.homes import Home, defined_elsewhere, homes_of
from blueprint.platform.observability.recordings import (
    MEMBERS,
    PRICES,
    Dashboard,
    Recording,
    RuleGroup,
    RuleSet,
    has_several_prices,
    members,
    prices,
)
from blueprint.platform.olm.model import OWN_PROMETHEUSES
from blueprint.platform.tracking.recorder import record, tracked_property, untracked
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import plain
from blueprint.platform.views import PlatformView
from blueprint.units import duration_seconds

_OF_CLUSTER_POLICY = "gpu_operator_reconciliation_status"
"""A metric that the operator sets only for a ClusterPolicy; with a GPUCluster it stays 0."""
_OF_OPERATOR = "gpu_operator_"
_DENIED_ON_OPENSHIFT = "kube_pod_created"
"""A metric that OpenShift's kube-state-metrics does not export (cluster-monitoring-operator: denylist)."""
NO_OPERATOR = "there is no GPU Operator (gpuStack: standalone)"
NO_DRIVER = "the operator installs no driver on any node"
NODE_STATUS_OFF = "the node status exporter is disabled; set gpu-operator: {settings: {nodeStatusExporter: true}}"
NO_CLAIMS = "pods claim no GPUs"
ONE_PRICE = "no pool has prices by purchase type"
_POOLS = "node_pool:gpu_node:info"
_REQUESTED, _HELD = "namespace_pool:gpu_requested:sum", "namespace_pool:gpu_held:count"
"""The recording rules from which dashboards get the pools, and the namespaces that use GPUs."""


class Observability:
    """The monitoring of the platform."""

    def __init__(self, spec: Any, platform: PlatformView, component: PlatformComponent, catalog: Catalog) -> None:
        self.spec = spec
        self.exporter = Exporter(platform, catalog)
        self._platform = platform
        self._component = component
        self._catalog = catalog

    @property
    def data(self) -> Monitoring:
        """The counters file for GPUs, and their definitions."""
        return load_monitoring(self._component.component.folder)

    @cached_property
    def homes(self) -> tuple[Home, ...]:
        """The monitored components: that for GPUs, then the others of the platform."""
        gpus = Home(self._component, self.data.definitions, "gpu", lambda read: list(lacking(read, self.exported)))
        with untracked():
            return (gpus, *homes_of(self._platform.components.values()))

    @cached_property
    def definitions(self) -> dict[str, AlertDefinition]:
        """The alerts of all monitored components, by name."""
        return {name: one for home in self.homes for name, one in home.definitions.alerts.alerts.items()}

    @tracked_property
    def namespace(self) -> str:
        """The namespace of monitors and rules: that of Prometheus, or the operator's for OpenShift's own Prometheus."""
        if self._platform.cluster.uses_olm and self.prometheus_namespace in OWN_PROMETHEUSES:
            return self.exporter.namespace
        return str(self.spec.prometheus.monitor_namespace or self.prometheus_namespace)

    @tracked_property
    def prometheus_namespace(self) -> str:
        """The namespace of Prometheus."""
        return str(self.spec.prometheus.namespace)

    @property
    def monitor_labels(self) -> PerKey:
        """Labels of monitors: the component's, and those that Prometheus selects."""
        return self.labels_of_monitors(self._component)

    def labels_of_monitors(self, component: PlatformComponent) -> PerKey:
        """Labels of another component's monitors: its own, and those that Prometheus selects."""
        return component.labels.over({key: partial(self._selected, 0, key) for key in self.spec_labels[0]})

    @property
    def rule_labels(self) -> PerKey:
        """Labels of rules: the component's, and those that Prometheus selects."""
        return self._component.labels.over({key: partial(self._selected, 1, key) for key in self.spec_labels[1]})

    def _selected(self, which: int, key: str) -> str:
        return self.spec_labels[which][key]

    @tracked_property
    def spec_labels(self) -> tuple[dict[str, str], dict[str, str]]:
        """Only the labels with which Prometheus selects monitors and rules."""
        monitors = dict(plain(self.spec.prometheus.selector_labels))
        own = self.spec.prometheus.rule_selector_labels
        return monitors, monitors if own is None else dict(plain(own))

    @tracked_property
    def declared_monitor_namespace(self) -> str | None:
        """The declared namespace of monitors and rules, whether or not it is possible."""
        declared: str | None = self.spec.prometheus.monitor_namespace
        return declared

    @tracked_property
    def interval(self) -> str:
        """The scrape interval of the exporters."""
        return str(self.spec.prometheus.scrape_interval)

    @tracked_property
    def timeout(self) -> str:
        """The scrape timeout: two thirds of the interval, at most ten seconds."""
        return f"{min(10, max(1, duration_seconds(self.interval) * 2 // 3))}s"

    @tracked_property
    def names(self) -> str:
        """The naming scheme of metrics: `legacy`, or `dcgm-4.6`."""
        return str(self._component.settings.metricNames)

    @tracked_property
    def runbooks(self) -> str:
        """The location of the runbooks."""
        return str(self._component.settings.runbooks).rstrip("/")

    def reaction_to(self, alert: str) -> str | None:
        """The declared reaction to what an alert reports."""
        return self._platform.health.label_of(alert)

    def translated(self, expression: str) -> str:
        """An expression with the metric names of the exporter."""
        return in_dialect(expression, self.names, self.data.metrics)

    @tracked_property
    def exported(self) -> dict[str, str]:
        """The exported metrics with their types, by their names before DCGM 4.6."""
        more, less = self.included, self.excluded
        return self.data.metrics.counted(self.metric_set, more, less, nvlink5=self.exporter.counts_nvlink5)

    @tracked_property
    def metric_set(self) -> str:
        """The set of metrics to start from."""
        return str(self.spec.metrics.set)

    @tracked_property
    def included(self) -> tuple[str, ...]:
        """Metrics that the blueprint adds to the set."""
        return tuple(self.spec.metrics.include)

    @tracked_property
    def excluded(self) -> tuple[str, ...]:
        """Metrics that the blueprint removes from the set."""
        return tuple(self.spec.metrics.exclude)

    @tracked_property
    def counters(self) -> str:
        """The exporter's counters file."""
        record(Source("component", self.data.metrics.span("metrics"), "metrics"))
        rows = self.data.metrics.metrics
        return "".join(f"{self.translated(name)}, {kind}, {rows[name].help}\n" for name, kind in self.exported.items())

    @tracked_property
    def config_name(self) -> str:
        """The name of the counters file's ConfigMap; it changes with the content, so that exporters read it again."""
        return f"gpu-metrics-{digest(self.counters)}"

    @tracked_property
    def claimed(self) -> bool:
        """Whether pods claim GPUs."""
        return self.exporter.claimed

    @tracked_property
    def by_number(self) -> bool:
        """Whether pods request GPUs by number; both are true if pools differ."""
        return self.exporter.by_number

    @tracked_property
    def operated(self) -> bool:
        """Whether there is a GPU Operator."""
        return not self.exporter.alone

    @property
    def claim_driver(self) -> ClaimDriver | None:
        """The DRA driver that this platform runs; None if there is none."""
        return claim_driver_of(self._platform)

    @tracked_property
    def node_status(self) -> bool:
        """Whether the operator runs exporters for the state of nodes."""
        found = self._platform.stack == "clusterPolicy" and self.exporter.component is not None
        return found and bool(self._platform.setting("nodeStatusExporter"))

    @tracked_property
    def shared(self) -> tuple[str, ...]:
        """Pools with shared GPUs. Nothing is reported by pod there, because the exporter names only one pod."""
        with untracked():
            pools = [pool for pool in self._platform.gpu_pools if pool.partition.replicas]
        for pool in pools:
            record(self._platform.origins.source(("spec", "nodePools", pool.name, "gpu", "sharing")))
        return tuple(sorted(pool.own_label for pool in pools))

    @tracked_property
    def always_some(self) -> bool:
        """Whether at least one pool always has nodes."""
        with untracked():
            return any(pool.nodes_min > 0 for pool in self._platform.gpu_pools)

    @tracked_property
    def places(self) -> dict[str, str]:
        """The placeholders in definitions besides pool and limit: namespaces, and the test for a workload's GPU.

        In the DRA stack the exporter claims every GPU with administrative access, and reports itself as its holder.
        """
        held = f'exported_namespace!~"|{self.exporter.namespace}"' if self.claimed else 'exported_namespace!=""'
        if self.shared:
            held += f',pool!~"{"|".join(self.shared)}"'
        found = {"operator": self.exporter.namespace, "namespaces": "|".join(self.exporter.namespaces), "held": held}
        if driver := self.claim_driver:
            found |= {"claimNamespace": driver.namespace, "claimWorkload": driver.facts.workload}
        return found

    @tracked_property
    def declared_alerts(self) -> dict[str, DeclaredAlert]:
        """The blueprint's settings for alerts, by name and in its order, including unknown names."""
        given = self.spec.alerts.items()
        return {name: DeclaredAlert(one.enabled, one.threshold, one.lasting, one.severity) for name, one in given}

    @tracked_property
    def alerts(self) -> tuple[Alert, ...]:
        """All applicable alerts, once for each pool, including those that are omitted."""
        return tuple(self._all_alerts())

    def defined_elsewhere(self, name: str) -> str | None:
        """The component outside of this platform that defines an alert; None if there is none."""
        return defined_elsewhere(name, self._catalog)

    def why_nowhere(self, name: str) -> str | None:
        """Why an enabled alert applies to no pool; None if it does, or if there is no pool for it."""
        definition = self.definitions[name]
        alerts = [alert for alert in self.alerts if alert.name == name]
        if alerts:
            reasons = [alert.why_left_out for alert in alerts]
            return reasons[0] if all(reasons) else None
        if not self.has_gpus and definition.when == "nodes":
            return None
        return self.why_absent(definition.when) or (NO_NVLINK_5 if definition.nvlink5 and self.has_gpus else None)

    def _all_alerts(self) -> Iterator[Alert]:
        for home in self.homes:
            for name, definition in home.definitions.alerts.alerts.items():
                lost = not self.by_number and definition.when in (
                    "clusterPolicy",
                    "devicePlugin",
                )  # not rendered, but reported
                if lost or self.holds(definition.when):
                    for pool in self._platform.gpu_pools if definition.per == "pool" else (None,):
                        if not definition.nvlink5 or self.exporter.counts_nvlink5_of(pool):
                            yield Alert(name, definition, pool, self, home)

    def holds(self, when: str | None) -> bool:
        """Whether the subject of a definition exists."""
        return self.why_absent(when) is None

    def why_absent(self, when: str | None) -> str | None:
        """Why the subject of a definition does not exist; None if it does."""
        conditions = _CONDITIONS[when] if when else ()
        return next((why for is_there, why in conditions if not is_there(self)), None)

    @property
    def operator_driver(self) -> bool:
        """Whether the operator installs a driver."""
        return self._platform.driver.enabled

    @property
    def has_gpus(self) -> bool:
        """Whether any pool has GPUs."""
        return bool(self._platform.gpu_pools)

    @tracked_property
    def several_prices(self) -> bool:
        """Whether the price of some pool's GPUs depends on the purchase type."""
        return has_several_prices(self._platform)

    @property
    def shared_by_tenants(self) -> bool:
        """Whether tenants have namespaces."""
        return bool(self._platform.tenants.namespaces)

    @tracked_property
    def alert_groups(self) -> tuple[RuleGroup, ...]:
        """The rendered alerts: each component's for the platform, then those for each pool."""
        by_group: dict[str, list[Alert]] = {f"{home.prefix}-alerts": [] for home in self.homes}
        for alert in self.alerts:
            if not alert.why_left_out:
                name = f"{alert.home.prefix}-alerts"
                by_group.setdefault(f"{name}.{alert.pool.name}" if alert.pool else name, []).append(alert)
        return tuple(RuleGroup(name, tuple(alerts)) for name, alerts in by_group.items() if alerts)

    @tracked_property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Alerts that are not rendered."""
        return tuple(
            LeftOut(alert.name, alert.pool.name if alert.pool else "", why)
            for alert in self.alerts
            if (why := alert.why_left_out)
        )

    @tracked_property
    def record_sets(self) -> tuple[RuleSet, ...]:
        """The rendered recording rules, in dependency order."""
        return tuple(self._record_sets())

    def _record_sets(self) -> Iterator[RuleSet]:
        known: set[str] = set()
        for home in self.homes:
            groups = []
            for name, definitions in home.definitions.records.groups.items():
                rules = list(_GIVEN[name](self._platform)) if name in _GIVEN else []
                known |= {rule.record for rule in rules}
                there = {index: one.record for index, one in enumerate(definitions) if self.holds(one.when)}
                for index, one in enumerate(definitions):
                    # If pools get GPUs in both ways, the last rule, for claimed GPUs, also counts the others.
                    again = one.record in [later for number, later in there.items() if number > index]
                    if index in there and not again and not self._without(one.expr, known, home):
                        expression = self.translated(filled(one.expr, None, None, self.places))
                        rules.append(Recording(one.record, expression, home.line("records", name, index)))
                        known.add(one.record)
                if rules:
                    groups.append(RuleGroup(f"{home.prefix}-{name}", tuple(rules)))
            if groups:
                yield RuleSet(f"{home.prefix}-records", tuple(groups))

    def _without(self, expression: str, known: set[str], home: Home) -> bool:
        """Whether an expression reads a metric that is not exported, or a recording rule that does not exist."""
        if self._platform.stack != "clusterPolicy" and _OF_CLUSTER_POLICY in expression:
            return True
        if not self.operated and _OF_OPERATOR in expression:
            return True
        if self.prometheus_namespace in OWN_PROMETHEUSES and _DENIED_ON_OPENSHIFT in expression:
            return True
        return bool(home.why_silent or home.lacking(expression)) or not records_in(expression) <= known

    @tracked_property
    def dashboards(self) -> tuple[Dashboard, ...]:
        """The dashboards, with the panels that have data."""
        return tuple(self._dashboards()) if self.spec.dashboards else ()

    def _dashboards(self) -> Iterator[Dashboard]:
        known = {rule.record for each in self.record_sets for group in each.groups for rule in group.rules}
        usual = {"pool": _POOLS, "namespace": _HELD if self.claimed else _REQUESTED}
        for home in self.homes:
            record(home.line("dashboards"))
            for uid, definition in home.definitions.dashboards.dashboards.items():
                rows = {
                    title: [one for one in panels if not any(self._without(q, known, home) for q in queries_of(one))]
                    for title, panels in definition.rows.items()
                }
                if any(rows.values()):
                    variables = definition.variables or usual
                    yield Dashboard(uid, dashboard_json(uid, definition.title, rows, self.translated, variables))


_GIVEN: dict[str, Callable[[PlatformView], Iterator[Recording]]] = {PRICES: prices, MEMBERS: members}
"""The rules that the blueprint itself adds to groups of recording rules."""
_CONDITIONS: dict[str, tuple[tuple[Callable[[Observability], bool], str], ...]] = {
    "clusterPolicy": ((lambda it: it.by_number, CLAIMED), (lambda it: it.operated, NO_OPERATOR)),
    "devicePlugin": ((lambda it: it.by_number, CLAIMED),),
    "claims": ((lambda it: it.claimed, NO_CLAIMS),),
    "operator": ((lambda it: it.operated, NO_OPERATOR),),
    "driver": ((lambda it: it.operated, NO_OPERATOR), (lambda it: it.operator_driver, NO_DRIVER)),
    "nodeStatus": ((lambda it: it.operated, NO_OPERATOR), (lambda it: it.node_status, NODE_STATUS_OFF)),
    "nodes": ((lambda it: it.has_gpus, "no pool has GPUs"),),
    "tenants": ((lambda it: it.shared_by_tenants, "there are no tenants"),),
    "onePrice": ((lambda it: not it.several_prices, "GPUs have prices by purchase type"),),
    "purchases": ((lambda it: it.several_prices, ONE_PRICE),),
    "purchasesByNumber": ((lambda it: it.several_prices, ONE_PRICE), (lambda it: it.by_number, CLAIMED)),
    "purchasesOfClaims": ((lambda it: it.several_prices, ONE_PRICE), (lambda it: it.claimed, NO_CLAIMS)),
    "draDriver": ((lambda it: it.claim_driver is not None, NO_DRA_METRICS),),
}
"""The condition of a definition, by its `when`, and why it otherwise applies to no pool."""
