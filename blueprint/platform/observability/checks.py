"""What is wrong with how a blueprint has its GPUs watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.catalog.hardware import Gpu
from blueprint.catalog.monitoring import AlertDefinition, Monitoring, load_monitoring, metrics_in
from blueprint.diagnostics import Diagnostic, Note, nearest
from blueprint.platform.components.selection import OBSERVABILITY as COMPONENT
from blueprint.platform.observability import codes
from blueprint.platform.observability.alerts import ALL_MAY_BE_EMPTY, NO_NVLINK_5, SHARED
from blueprint.platform.observability.exporter import Exporter, may_have_nvlink5
from blueprint.platform.observability.expressions import chosen, limit_of
from blueprint.platform.observability.model import Observability
from blueprint.platform.olm.model import OWN_PROMETHEUSES
from blueprint.source.paths import Path
from blueprint.spec.observability import AlertSpec, ObservabilitySpec
from blueprint.units import duration_seconds
from blueprint.versions import version_key

if TYPE_CHECKING:
    from blueprint.platform.check_context import CheckContext

HERE: Path = ("spec", "observability")
LEGACY = "legacy"
KNOWN_SINCE = "4.6"
"""The DCGM that gave fields new names; an exporter built with an earlier one stops at a name it does not know."""
SELDOM_SECONDS = 120
"""A rate over five minutes needs at least two samples, and one may be lost."""


def check_observability(context: CheckContext) -> Iterator[Diagnostic]:
    """Everything that the blueprint alone, with the catalogue, can be found wrong about."""
    spec, component = context.spec.observability, context.catalog.component(COMPONENT)
    if spec is None or component is None:
        return
    check = _Check(context, spec, load_monitoring(component.folder))
    yield from check.component()
    yield from check.prometheus()
    yield from check.metrics()
    yield from check.alerts()


class _Check:
    def __init__(self, context: CheckContext, spec: ObservabilitySpec, data: Monitoring) -> None:
        self.context = context
        self.spec = spec
        self.data = data
        self.gpus = [pool.gpu for pool in context.spec.node_pools.values() if pool.gpu]
        self.exporter_facts = Exporter(context.platform, context.catalog)
        self.nvlink5 = self.exporter_facts.counts_nvlink5
        component, self.exporting = context.catalog.exporter_of(context.platform.gpu_stack)
        self.exporter = component.name

    def component(self) -> Iterator[Diagnostic]:
        """Whether those run who carry it out."""
        components = self.context.spec.components
        ours, operator = components.get(COMPONENT), components.get(self.exporter)
        if ours and ours.ownership == "absent":
            because = ("spec", "components", COMPONENT, "ownership")
            yield self.context.no_effect(HERE, because, f"{COMPONENT} is absent, so what observability says")
        for setting in self.exporting.switches:
            if operator and operator.settings.get(setting) is False:
                path: Path = ("spec", "components", self.exporter, "settings", setting)
                message, notes = f"GPUs are watched, but {setting} is false", (self.context.note(HERE, "watched here"),)
                yield self.context.diagnostic_at(
                    path, codes.EXPORTER_OFF, message, notes=notes, help_="remove one of the two"
                )
        for setting in self.exporting.overruled:
            if operator and setting in operator.settings:
                path = ("spec", "components", self.exporter, "settings", setting)
                yield self.context.no_effect(path, HERE, f"observability decides this, so what {setting} says")
        yield from self._pod_labels()
        yield from self._dialect()
        if not self.gpus:
            yield self.context.diagnostic_at(
                HERE, codes.NOTHING_TO_WATCH, "no pool has GPUs, so there is nothing to watch"
            )

    def _pod_labels(self) -> Iterator[Diagnostic]:
        spec = self.context.spec.components.get(self.exporter)
        switch, allowed = self.exporting.pod_labels, self.exporting.pod_label_allowlist
        if spec and spec.settings.get(switch) is True and not spec.settings.get(allowed):
            path: Path = ("spec", "components", self.exporter, "settings", switch)
            message = "every label of every pod becomes a label of all metrics of its GPUs"
            notes = (self.context.note(HERE, "read by this Prometheus"),)
            help_ = f"{allowed}: [...], regular expressions of the labels that are needed"
            yield self.context.diagnostic_at(path, codes.POD_LABELS_WITHOUT_BOUND, message, notes=notes, help_=help_)

    def _dialect(self) -> Iterator[Diagnostic]:
        ours = self.context.spec.components.get(COMPONENT)
        version = self._exporter_version()
        if ours and ours.settings.get("metricNames", LEGACY) != LEGACY and version and not _knows_new_names(version):
            path: Path = ("spec", "components", COMPONENT, "settings", "metricNames")
            message = f"the exporter {version} does not start with the names of DCGM {KNOWN_SINCE}"
            yield self.context.diagnostic_at(
                path, codes.NAMES_UNKNOWN, message, help_="legacy, which every exporter knows", fix=LEGACY
            )

    def _exporter_version(self) -> str | None:
        """The tag of the exporter's image in this release; None where somebody else brings it."""
        spec, release = (
            self.context.spec.components.get(self.exporter),
            self.context.catalog.release(self.context.spec.release),
        )
        if release is None or (spec and spec.ownership != "managed"):
            return None
        component = self.context.catalog.component(self.exporter, release.components.get(self.exporter))
        image = component.images.get(self.exporting.image) if component else None
        return image.tag if image else None

    def prometheus(self) -> Iterator[Diagnostic]:
        """How often it reads, and what it selects."""
        at: Path = (*HERE, "prometheus")
        yield from self._whose()
        interval, collected = self.spec.prometheus.scrape_interval, self.data.metrics.collection_seconds
        if duration_seconds(interval) < collected:
            message = f"the exporter reads the GPUs every {collected}s, Prometheus the exporter every {interval}"
            yield self.context.diagnostic_at(
                (*at, "scrapeInterval"), codes.SCRAPED_TOO_OFTEN, message, fix=f"{collected}s"
            )
        if duration_seconds(interval) > SELDOM_SECONDS:
            message = f"one sample in {interval} is too few for rates over five minutes"
            help_ = f"at most {SELDOM_SECONDS}s"
            yield self.context.diagnostic_at((*at, "scrapeInterval"), codes.SCRAPED_TOO_SELDOM, message, help_=help_)
        for key, labels in (
            ("selectorLabels", self.spec.prometheus.selector_labels),
            ("ruleSelectorLabels", self.spec.prometheus.rule_selector_labels),
        ):
            selects_all = self.spec.prometheus.namespace in OWN_PROMETHEUSES
            if labels is not None and not labels and not selects_all:
                message = f"{key} is empty: right only for a Prometheus that selects everything"
                help_ = "kube-prometheus-stack selects release: NAME"
                yield self.context.diagnostic_at((*at, key), codes.SELECTOR_LABELS_EMPTY, message, help_=help_)

    def _whose(self) -> Iterator[Diagnostic]:
        """Whether it is one that can evaluate the rules, and looks where they are put."""
        at, prometheus = (*HERE, "prometheus"), self.spec.prometheus
        if prometheus.namespace == self.context.platform.distribution_facts.user_prometheus:
            message = "the Prometheus of user projects may not list nodes, and shows rules their own namespace alone"
            help_ = "openshift-monitoring, which reads the operator's namespace, or a Prometheus of your own"
            yield self.context.diagnostic_at((*at, "namespace"), codes.PROMETHEUS_OF_PROJECTS, message, help_=help_)
        if prometheus.monitor_namespace == prometheus.namespace:
            message = f"Prometheus itself is in {prometheus.namespace}, so what monitorNamespace says"
            yield self.context.no_effect((*at, "monitorNamespace"), (*at, "namespace"), message)
        elif prometheus.monitor_namespace and prometheus.namespace in OWN_PROMETHEUSES:
            message = f"{prometheus.namespace} looks in the operator's namespace, so what monitorNamespace says"
            yield self.context.no_effect((*at, "monitorNamespace"), (*at, "namespace"), message)

    def metrics(self) -> Iterator[Diagnostic]:
        """Names, and what falls away without them."""
        spec, at, pools = self.spec.metrics, (*HERE, "metrics"), self.context.gpu_pools
        pools = () if any(pool.partition.is_whole for pool in pools) else pools
        for index, name in enumerate(spec.include):
            path: Path = (*at, "include", index)
            if name not in self.data.metrics.metrics:
                yield self._unknown_metric(path, name)
            elif name in spec.exclude:
                notes = (self.context.note((*at, "exclude", spec.exclude.index(name)), "excluded here"),)
                message, help_ = f"{name} is both included and excluded", "remove one of them"
                yield self.context.diagnostic_at(path, codes.METRIC_BOTH_WAYS, message, notes=notes, help_=help_)
            elif self.nvlink5 and self.data.metrics.metrics[name].nvlink5 == "never":
                message = f"{name} may keep a GPU with NVLink 5 from giving any of its link errors"
                help_ = "DCGM_FI_DEV_ECC_SBE_AGG_TOTAL counts the same errors over the GPU's life"
                yield self.context.diagnostic_at(path, codes.METRICS_COLLIDE, message, help_=help_)
            elif pools and not self.data.metrics.metrics[name].instances:
                message = f"{name} has no value where every GPU is partitioned, as in pool {pools[0].name}"
                yield self.context.diagnostic_at(path, codes.WITHOUT_INSTANCES, message, help_="remove it")
        for index, name in enumerate(spec.exclude):
            if name not in self.data.metrics.metrics:
                yield self._unknown_metric((*at, "exclude", index), name)
            elif lost := [alert for alert in self._default_alerts() if name in self._needs(alert)]:
                message = f"without {name} there is no {' and no '.join(lost)}"
                help_ = f"if that is meant: alerts: {{{lost[0]}: {{enabled: false}}}}"
                yield self.context.diagnostic_at((*at, "exclude", index), codes.METRIC_NEEDED, message, help_=help_)

    def _unknown_metric(self, path: Path, name: str) -> Diagnostic:
        rows = self.data.metrics.metrics
        known = next((old for old, row in rows.items() if row.renamed == name), None) or nearest(name, rows)
        help_ = "fields are named as before DCGM 4.6; the component's page lists them"
        return self.context.diagnostic_at(
            path, codes.UNKNOWN_METRIC, f"there is no metric {name}", fix=known, help_=help_
        )

    def _default_alerts(self) -> list[str]:
        return [name for name in self.data.alerts.alerts if name not in self.spec.alerts]

    def _needs(self, name: str) -> list[str]:
        """The metrics that an alert reads on the pools of this blueprint."""
        definition = self.data.alerts.alerts[name]
        given = self.spec.alerts[name].threshold if name in self.spec.alerts else None
        found: list[str] = []
        for expression in self._expressions(definition, given):
            found += [metric for metric in metrics_in(expression) if metric not in found]
        return found

    def _expressions(self, definition: AlertDefinition, given: int | None) -> Iterator[str]:
        products: list[Gpu | None] = [self.context.catalog.gpu(gpu.product) for gpu in self.gpus]
        if definition.nvlink5:
            products = [product for product in products if may_have_nvlink5(product)]
        for product in products if definition.per == "pool" else [None]:
            limit = limit_of(definition.threshold, given, product) if definition.threshold else None
            if expression := chosen(definition, limit):
                yield expression

    def alerts(self) -> Iterator[Diagnostic]:
        """Names, limits, and whether each can fire."""
        for name, alert in self.spec.alerts.items():
            path: Path = (*HERE, "alerts", name)
            definition = self.data.alerts.alerts.get(name)
            if definition is None:
                yield self.context.unknown_name(path, codes.UNKNOWN_ALERT, "alert", self.data.alerts.alerts)
            elif not alert.enabled:
                for key, value in (
                    ("threshold", alert.threshold),
                    ("for", alert.lasting),
                    ("severity", alert.severity),
                ):
                    if value is not None:
                        message = f"{name} is switched off, so what {key} says"
                        yield self.context.no_effect((*path, key), (*path, "enabled"), message)
            else:
                yield from self._limits(path, name, alert, definition)
                yield from self._force(path, name, alert, definition)

    def _limits(self, path: Path, name: str, alert: AlertSpec, definition: AlertDefinition) -> Iterator[Diagnostic]:
        limits = definition.threshold
        if alert.threshold is not None and limits is None:
            help_ = "its for and severity can be set"
            message = f"{name} has no threshold"
            yield self.context.diagnostic_at((*path, "threshold"), codes.THRESHOLD_WITHOUT_USE, message, help_=help_)
        elif alert.threshold is not None and limits and not limits.minimum <= alert.threshold <= limits.maximum:
            message = f"{name}: {alert.threshold} {limits.unit} makes no sense"
            help_ = f"{limits.minimum} to {limits.maximum} {limits.unit}"
            yield self.context.diagnostic_at((*path, "threshold"), codes.THRESHOLD_OUT_OF_RANGE, message, help_=help_)
        interval = self.spec.prometheus.scrape_interval
        if alert.lasting and 0 < duration_seconds(alert.lasting) < duration_seconds(interval):
            message = f"{name} fires before a second sample comes: {alert.lasting} is shorter than {interval}"
            yield self.context.diagnostic_at(
                (*path, "for"), codes.ALERT_IN_HASTE, message, help_=f"{interval} or more; or 0s"
            )

    def _force(self, path: Path, name: str, alert: AlertSpec, definition: AlertDefinition) -> Iterator[Diagnostic]:
        observability = self.context.platform.observability
        if observability is None:
            return  # the component is absent, and so is everything of it
        missing = [metric for metric in self._needs(name) if metric not in observability.exported]
        if missing:
            yield self.context.diagnostic_at(
                path,
                codes.ALERT_LACKS_METRIC,
                f"{name} needs {', '.join(missing)}",
                notes=(self._left_out(missing[0]),),
                help_=f"metrics: {{include: [{', '.join(missing)}]}}, or enabled: false",
            )
        elif why := self._absent(definition, observability):
            yield self.context.diagnostic_at(path, codes.ALERT_NOT_IN_FORCE, f"{name} is in force nowhere: {why}")
        elif not any(self._expressions(definition, alert.threshold)) and self.gpus:
            message = f"{name} is in force nowhere: the limit of no pool's product is verified"
            limits = definition.threshold
            help_ = f"give it a threshold in {limits.unit}" if limits else None
            yield self.context.diagnostic_at(path, codes.ALERT_NOT_IN_FORCE, message, help_=help_)

    def _absent(self, definition: AlertDefinition, observability: Observability) -> str | None:
        """Why nothing that it is about can be there."""
        pools = self.context.platform.gpu_pools
        if definition.when == "nodes" and not pools:
            return None  # reported of the section
        reasons = (
            (definition.when == "nodes" and not observability.always_some, ALL_MAY_BE_EMPTY),
            (definition.nvlink5 and bool(pools) and not self.exporter_facts.counts_nvlink5, NO_NVLINK_5),
            (definition.about == "pod" and bool(pools) and len(observability.shared) == len(pools), SHARED),
        )
        return observability.why_absent(definition.when) or next((why for applies, why in reasons if applies), None)

    def _left_out(self, metric: str) -> Note:
        excluded = self.spec.metrics.exclude
        at: Path = (*HERE, "metrics")
        if metric in excluded:
            return self.context.note((*at, "exclude", excluded.index(metric)), f"{metric} is excluded here")
        return self.context.note(at, f"the set {self.spec.metrics.set} is without {metric}")


def _knows_new_names(tag: str) -> bool:
    """Whether the exporter of this image was built with a DCGM that knows both names: `4.6.0-4.8.3-distroless`."""
    return version_key(tag)[:2] >= version_key(KNOWN_SINCE)
