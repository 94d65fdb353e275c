"""Checks of the observability section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.catalog.component_files.monitoring import AlertDefinition, metrics_in
from blueprint.diagnostics import Diagnostic, Note, nearest
from blueprint.platform.components.selection import OBSERVABILITY as COMPONENT
from blueprint.platform.observability import codes
from blueprint.platform.observability.alerts import DeclaredAlert
from blueprint.platform.observability.homes import Home, switch_of
from blueprint.platform.observability.model import Observability
from blueprint.platform.olm.model import OWN_PROMETHEUSES
from blueprint.source.paths import Path
from blueprint.units import duration_seconds
from blueprint.versions import version_key

if TYPE_CHECKING:
    from blueprint.platform.check_context import CheckContext

HERE: Path = ("spec", "observability")
LEGACY = "legacy"
KNOWN_SINCE = "4.6"
"""The DCGM version that renamed fields. An exporter built with an earlier one exits at an unknown name."""
SELDOM_SECONDS = 120
"""A rate over five minutes needs at least two samples, and one may be lost."""


def check_observability(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the section `observability`, if the component that implements it exists."""
    observability = context.platform.observability
    if observability is None:
        return  # a missing component is reported by the component checks
    check = _Check(context, observability)
    yield from check.component()
    yield from check.prometheus()
    yield from check.metrics()
    yield from check.alerts()


class _Check:
    def __init__(self, context: CheckContext, observability: Observability) -> None:
        self.context = context
        self.observability = observability
        self.data = observability.data
        self.exporter = observability.exporter.name
        self.exporting = observability.exporter.facts
        declared = context.platform.declared_components.get(self.exporter)
        self.given = declared.given if declared else {}

    def component(self) -> Iterator[Diagnostic]:
        """Check that the exporter runs with the required settings."""
        for setting in self.exporting.switches:
            if self.given.get(setting) is False:
                message, notes = (
                    f"observability is declared, but {setting} is false",
                    (self.context.note(HERE, "declared here"),),
                )
                path, help_ = self._setting(setting), "remove one of the two"
                yield self.context.diagnostic_at(path, codes.EXPORTER_OFF, message, notes=notes, help_=help_)
        for setting in self.exporting.overruled:
            if setting in self.given:
                message = f"spec.observability determines this, so {setting} has"
                yield self.context.no_effect(self._setting(setting), HERE, message)
        yield from self._pod_labels()
        yield from self._dialect()
        if not self.context.gpu_pools:
            passed = any(pool.passes_gpus for pool in self.context.pools.values())
            missing = (
                "no pool has GPUs for containers, and virtual machines monitor their own"
                if passed
                else "no pool has GPUs"
            )
            message = f"{missing}, so there is nothing to monitor"
            yield self.context.diagnostic_at(HERE, codes.NOTHING_TO_WATCH, message)

    def _setting(self, name: str) -> Path:
        return ("spec", "components", self.exporter, "settings", name)

    def _pod_labels(self) -> Iterator[Diagnostic]:
        switch, allowed = self.exporting.pod_labels, self.exporting.pod_label_allowlist
        if self.given.get(switch) is True and not self.given.get(allowed):
            message = "every label of every pod becomes a label of all metrics of its GPUs"
            path, notes = self._setting(switch), (self.context.note(HERE, "read by this Prometheus"),)
            help_ = f"list regular expressions of the labels that you need in {allowed}"
            yield self.context.diagnostic_at(path, codes.POD_LABELS_WITHOUT_BOUND, message, notes=notes, help_=help_)

    def _dialect(self) -> Iterator[Diagnostic]:
        version = self._exporter_version()
        if self.observability.names != LEGACY and version and not _knows_new_names(version):
            path: Path = ("spec", "components", COMPONENT, "settings", "metricNames")
            message = (
                f"the exporter {version} does not know the metric names of DCGM {KNOWN_SINCE}, so it would not start"
            )
            help_ = "use legacy, which every exporter supports"
            yield self.context.diagnostic_at(path, codes.NAMES_UNKNOWN, message, help_=help_, fix=LEGACY)

    def _exporter_version(self) -> str | None:
        """The tag of the exporter's image in this release; None if the exporter is installed by other means."""
        component = self.context.platform.components.get(self.exporter)
        if component is None or component.ownership != "managed":
            return None
        image = component.images.get(self.exporting.image)
        return image.tag if image else None

    def prometheus(self) -> Iterator[Diagnostic]:
        """Check the scrape interval and the selectors."""
        at: Path = (*HERE, "prometheus")
        yield from self._whose()
        interval, collected = self.observability.interval, self.data.metrics.collection_seconds
        if duration_seconds(interval) < collected:
            message = f"Prometheus scrapes every {interval}, but the exporter reads the GPUs only every {collected}s"
            yield self.context.diagnostic_at(
                (*at, "scrapeInterval"), codes.SCRAPED_TOO_OFTEN, message, fix=f"{collected}s"
            )
        if duration_seconds(interval) > SELDOM_SECONDS:
            message = f"one sample per {interval} is not enough for rates over five minutes"
            help_ = f"use an interval of at most {SELDOM_SECONDS}s"
            yield self.context.diagnostic_at((*at, "scrapeInterval"), codes.SCRAPED_TOO_SELDOM, message, help_=help_)
        selects_all = self.observability.prometheus_namespace in OWN_PROMETHEUSES
        for key, labels in zip(("selectorLabels", "ruleSelectorLabels"), self.observability.spec_labels, strict=True):
            if not labels and not selects_all and self.context.is_written((*at, key)):
                message = f"{key} is empty, which is correct only for a Prometheus that selects everything"
                help_ = "set the labels that your Prometheus selects; for kube-prometheus-stack, release: NAME"
                yield self.context.diagnostic_at((*at, key), codes.SELECTOR_LABELS_EMPTY, message, help_=help_)

    def _whose(self) -> Iterator[Diagnostic]:
        """Check that Prometheus can evaluate the rules, and covers their namespace."""
        at: Path = (*HERE, "prometheus")
        namespace, monitors = self.observability.prometheus_namespace, self.observability.declared_monitor_namespace
        if namespace == self.context.platform.cluster.distribution_facts.user_prometheus:
            message = "the Prometheus of user projects cannot list nodes, and its rules see only their own namespace"
            help_ = "use openshift-monitoring, which reads the operator's namespace, or your own Prometheus"
            yield self.context.diagnostic_at((*at, "namespace"), codes.PROMETHEUS_OF_PROJECTS, message, help_=help_)
        if monitors == namespace:
            message = f"Prometheus already runs in {namespace}, so monitorNamespace has"
            yield self.context.no_effect((*at, "monitorNamespace"), (*at, "namespace"), message)
        elif monitors and namespace in OWN_PROMETHEUSES:
            message = f"{namespace} reads the operator's namespace, so monitorNamespace has"
            yield self.context.no_effect((*at, "monitorNamespace"), (*at, "namespace"), message)

    def metrics(self) -> Iterator[Diagnostic]:
        """Check metric names, and what is lost without them."""
        at: Path = (*HERE, "metrics")
        excluded, nvlink5 = self.observability.excluded, self.observability.exporter.counts_nvlink5
        pools = self.context.gpu_pools
        pools = () if any(pool.partition.is_whole for pool in pools) else pools
        for index, name in enumerate(self.observability.included):
            path: Path = (*at, "include", index)
            if name not in self.data.metrics.metrics:
                yield self._unknown_metric(path, name)
            elif name in excluded:
                notes = (self.context.note((*at, "exclude", excluded.index(name)), "excluded here"),)
                message, help_ = f"{name} is both included and excluded", "remove one of them"
                yield self.context.diagnostic_at(path, codes.METRIC_BOTH_WAYS, message, notes=notes, help_=help_)
            elif nvlink5 and self.data.metrics.metrics[name].nvlink5 == "never":
                message = f"{name} may keep a GPU with NVLink 5 from reporting its link errors"
                help_ = "use DCGM_FI_DEV_ECC_SBE_AGG_TOTAL, which counts the same errors over the lifetime of the GPU"
                yield self.context.diagnostic_at(path, codes.METRICS_COLLIDE, message, help_=help_)
            elif pools and not self.data.metrics.metrics[name].instances:
                message = (
                    f"{name} has no value for partitioned GPUs, but all GPUs are partitioned (pool {pools[0].name})"
                )
                yield self.context.diagnostic_at(path, codes.WITHOUT_INSTANCES, message, help_="remove it")
        for index, name in enumerate(excluded):
            if name not in self.data.metrics.metrics:
                yield self._unknown_metric((*at, "exclude", index), name)
            elif lost := self._default_alerts_that_read(name):
                message = f"excluding {name} also removes the alert {' and '.join(lost)}"
                help_ = f"if that is intended, set alerts: {{{lost[0]}: {{enabled: false}}}}"
                yield self.context.diagnostic_at((*at, "exclude", index), codes.METRIC_NEEDED, message, help_=help_)

    def _unknown_metric(self, path: Path, name: str) -> Diagnostic:
        rows = self.data.metrics.metrics
        known = next((old for old, row in rows.items() if row.renamed == name), None) or nearest(name, rows)
        help_ = "use a name from before DCGM 4.6; the component's page lists them"
        return self.context.diagnostic_at(
            path, codes.UNKNOWN_METRIC, f"there is no metric {name}", fix=known, help_=help_
        )

    def _default_alerts_that_read(self, metric: str) -> list[str]:
        """Alerts that the blueprint does not configure, without duplicates."""
        alerts = (alert for alert in self.observability.alerts if alert.name not in self.observability.declared_alerts)
        return list(dict.fromkeys(alert.name for alert in alerts if metric in metrics_in(alert.expr or "")))

    def alerts(self) -> Iterator[Diagnostic]:
        """Check alert names, limits, and whether each alert can fire."""
        for name, alert in self.observability.declared_alerts.items():
            path: Path = (*HERE, "alerts", name)
            definition = self.observability.definitions.get(name)
            if definition is None:
                yield self._unknown_alert(path, name)
            elif not alert.enabled:
                for key, value in (
                    ("threshold", alert.threshold),
                    ("for", alert.lasting),
                    ("severity", alert.severity),
                ):
                    if value is not None:
                        message = f"{name} is disabled, so {key} has"
                        yield self.context.no_effect((*path, key), (*path, "enabled"), message)
            else:
                yield from self._limits(path, name, alert, definition)
                yield from self._force(path, name, definition)

    def _unknown_alert(self, path: Path, name: str) -> Diagnostic:
        if (brought := self.observability.defined_elsewhere(name)) is None:
            return self.context.unknown_name(path, codes.UNKNOWN_ALERT, "alert", self.observability.definitions)
        message = f"the alert {name} is about {brought}, which this platform does not have"
        return self.context.diagnostic_at(path, codes.ALERT_NOT_IN_FORCE, message, help_="remove it")

    def _limits(self, path: Path, name: str, alert: DeclaredAlert, definition: AlertDefinition) -> Iterator[Diagnostic]:
        limits = definition.threshold
        if alert.threshold is not None and limits is None:
            help_ = "remove it; only for and severity can be set"
            message = f"the alert {name} has no threshold"
            yield self.context.diagnostic_at((*path, "threshold"), codes.THRESHOLD_WITHOUT_USE, message, help_=help_)
        elif alert.threshold is not None and limits and not limits.minimum <= alert.threshold <= limits.maximum:
            message = f"{name}: a threshold of {alert.threshold} {limits.unit} is not plausible"
            help_ = f"use {limits.minimum} to {limits.maximum} {limits.unit}"
            yield self.context.diagnostic_at((*path, "threshold"), codes.THRESHOLD_OUT_OF_RANGE, message, help_=help_)
        interval = self.observability.interval
        if alert.lasting and 0 < duration_seconds(alert.lasting) < duration_seconds(interval):
            message = f"{name} would fire after one sample: for is {alert.lasting}, the scrape interval {interval}"
            yield self.context.diagnostic_at(
                (*path, "for"), codes.ALERT_IN_HASTE, message, help_=f"use at least {interval}, or 0s"
            )

    def _force(self, path: Path, name: str, definition: AlertDefinition) -> Iterator[Diagnostic]:
        alerts = [alert for alert in self.observability.alerts if alert.name == name]
        missing = list(dict.fromkeys(metric for alert in alerts for metric in alert.lacking))
        if missing:
            home = alerts[0].home
            setting = switch_of(home, missing[0])
            switch = f"components: {{{home.component.name}: {{settings: {{{setting}: true}}}}}}"
            include = f"metrics: {{include: [{', '.join(missing)}]}}"
            yield self.context.diagnostic_at(
                path,
                codes.ALERT_LACKS_METRIC,
                f"the alert {name} needs {', '.join(missing)}, which the exporter does not export",
                notes=(self._switched_off(home, setting) if setting else self._left_out(missing[0]),),
                help_=f"set {switch if setting else include}, or disable the alert with enabled: false",
            )
        elif alerts and definition.threshold and not any(alert.expr for alert in alerts):
            message = f"{name} applies to no pool: the catalogue has no verified limit for the GPUs of any pool"
            help_ = f"give it a threshold in {definition.threshold.unit}"
            yield self.context.diagnostic_at(path, codes.ALERT_NOT_IN_FORCE, message, help_=help_)
        elif why := self.observability.why_nowhere(name):
            what = "no pool" if definition.per == "pool" else "nothing"
            yield self.context.diagnostic_at(path, codes.ALERT_NOT_IN_FORCE, f"{name} applies to {what}: {why}")

    def _switched_off(self, home: Home, setting: str) -> Note:
        return self.context.note(("spec", "components", home.component.name, "settings", setting), "disabled here")

    def _left_out(self, metric: str) -> Note:
        excluded = self.observability.excluded
        at: Path = (*HERE, "metrics")
        if metric in excluded:
            return self.context.note((*at, "exclude", excluded.index(metric)), f"{metric} is excluded here")
        return self.context.note(at, f"the metric set {self.observability.metric_set} does not include {metric}")


def _knows_new_names(tag: str) -> bool:
    """Whether the exporter in this image was built with a DCGM that knows both names: `4.6.0-4.8.3-distroless`."""
    return version_key(tag)[:2] >= version_key(KNOWN_SINCE)
