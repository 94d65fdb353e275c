"""Metrics, alerts, recording rules and dashboards: files of the component that implements `observability`, and of every
component that exports its own metrics, with `exports.yaml` instead of the counters file.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from blueprint.catalog.facts import CatalogueFile, Matching, Text
from blueprint.catalog.loader import read
from blueprint.patterns import lazy_pattern
from blueprint.records import Record, field

MetricSet = Literal["minimal", "standard", "full"]
SETS: tuple[MetricSet, ...] = ("minimal", "standard", "full")
"""Each set includes the previous one."""

MetricName = Annotated[str, Matching(r"DCGM_[A-Z]+_[A-Z0-9_]+", "a field of DCGM or its exporter")]
ExportName = Annotated[str, Matching(r"[a-z][a-z0-9_]*", "a metric, like up")]
AlertName = Annotated[str, Matching(r"[A-Z][A-Za-z]+", "words in capitals")]
RecordName = Annotated[str, Matching(r"[a-z_]+:[a-z_]+:[a-z0-9_]+", "level:metric:operation")]
Duration = Annotated[str, Matching(r"\d+[smhd]", "a duration")]
Condition = Literal[
    "clusterPolicy", "devicePlugin", "draDriver", "driver", "nodeStatus", "operator", "nodes", "tenants"
]
_METRIC = lazy_pattern(r"\bDCGM_[A-Z]+_[A-Z0-9_]+\b")


class Metric(Record, kw_only=True):
    """One row of the exporter's counters file; `renamed` is the name of the same field since DCGM 4.6.

    `nvlink5`: whether it is available only on GPUs with NVLink 5 (`only`), or never there (`never`); `instances`:
    whether it has values for MIG instances.
    """

    type: Literal["gauge", "counter", "label"]
    set: MetricSet
    nvlink5: Literal["only", "never"] | None = None
    instances: bool = True
    renamed: MetricName | None = None
    help: Text


class Metrics(CatalogueFile, kw_only=True):
    """All rows by name, and the interval at which the exporter reads the GPUs, in seconds."""

    collection_seconds: int
    source: Text
    metrics: Mapping[MetricName, Metric]

    def counted(self, name: str, include: Iterable[str], exclude: Iterable[str], *, nvlink5: bool) -> dict[str, str]:
        """The metrics that the exporter collects, with their type: a set including smaller ones, plus `more`, minus
        `less`.
        """
        sets = SETS[: SETS.index(name) + 1]
        unfit = "never" if nvlink5 else "only"
        wanted = {metric for metric, row in self.metrics.items() if row.set in sets and row.nvlink5 != unfit}
        wanted = (wanted | set(include)) - set(exclude)
        return {metric: row.type for metric, row in self.metrics.items() if metric in wanted}


class Export(Record, kw_only=True):
    """A metric that a component exports; `setting` is the one that enables it."""

    type: Literal["gauge", "counter"]
    setting: Text | None = None


class Exports(CatalogueFile, kw_only=True):
    """The metrics that a component exports by itself, as far as definitions use them."""

    source: Text
    metrics: Mapping[ExportName, Export]


class Threshold(Record, kw_only=True):
    """The configurable limit of an alert, in `unit`, and how its default is determined.

    `value` is the limit itself; otherwise it is `percent` of the product's `fact`, or the fact minus `below`. The fact
    `pcie` stands for what DCGM expects for the product's PCIe generation and width.
    """

    unit: Text
    minimum: int
    maximum: int
    value: int | None = None
    fact: Text | None = None
    percent: int | None = None
    below: int | None = None


class AlertDefinition(Record, kw_only=True):
    """One alert; `alerts.yaml` explains the keys."""

    per: Literal["pool", "platform"]
    team: Text = "platform"
    about: Literal["gpu", "pod"] | None = None
    nvlink5: bool = False
    fixed: bool = False
    severity: Literal["info", "warning", "critical"]
    lasting: Duration
    threshold: Threshold | None = None
    when: Condition | None = None
    expr: Text
    otherwise: Text | None = None
    summary: Text
    description: Text


class Alerts(CatalogueFile, kw_only=True):
    """All alerts by name."""

    alerts: Mapping[AlertName, AlertDefinition]


class RecordDefinition(Record, kw_only=True):
    """One recording rule."""

    record: RecordName
    when: (
        Literal[
            "claims", "devicePlugin", "draDriver", "onePrice", "purchases", "purchasesByNumber", "purchasesOfClaims"
        ]
        | None
    ) = None
    expr: Text


class Records(CatalogueFile, kw_only=True):
    """The recording rules by group, in dependency order."""

    groups: Mapping[Text, tuple[RecordDefinition, ...]]


class Panel(Record, kw_only=True):
    """One panel; `queries` contain legend and expression. `unit` is Grafana's name for a unit."""

    title: Text
    type: Literal["timeseries", "stat", "table", "gauge", "bargauge", "heatmap"]
    unit: Text = "short"
    width: int = 12
    queries: Mapping[str, Text]


class DashboardDefinition(Record, kw_only=True):
    """One dashboard: rows of panels. `variables` are what a user can select: labels, and the metric that has them."""

    title: Text
    variables: Mapping[Text, Text] = field(default_factory=dict)
    rows: Mapping[Text, tuple[Panel, ...]]


class Dashboards(CatalogueFile, kw_only=True):
    """The dashboards by stable uid."""

    dashboards: Mapping[Annotated[str, Matching("[a-z][a-z-]{0,39}", "a uid")], DashboardDefinition]


class Definitions(Record):
    """Recording rules, alerts and dashboards."""

    alerts: Alerts
    records: Records
    dashboards: Dashboards


class Monitoring(Record):
    """The definitions of the component that implements `observability`, and its counters file."""

    metrics: Metrics
    definitions: Definitions


@lru_cache(maxsize=2)
def load_monitoring(folder: Path) -> Monitoring:
    """The data of the component in `folder`. Raises Refused if a file is invalid."""
    return Monitoring(read(folder / "metrics.yaml", Metrics), load_definitions(folder))


@lru_cache(maxsize=8)
def load_definitions(folder: Path) -> Definitions:
    """The definitions of the component in `folder`. Raises Refused if a file is invalid."""
    return Definitions(
        read(folder / "alerts.yaml", Alerts),
        read(folder / "records.yaml", Records),
        read(folder / "dashboards.yaml", Dashboards),
    )


@lru_cache(maxsize=8)
def load_exports(folder: Path) -> Exports | None:
    """The metrics that the component in `folder` exports; None if it has no `exports.yaml`. Raises Refused if it is
    invalid.
    """
    file = folder / "exports.yaml"
    return read(file, Exports) if file.is_file() else None


def metrics_in(expression: str) -> list[str]:
    """The exporter's metrics that an expression reads, in order and without duplicates."""
    return list(dict.fromkeys(_METRIC.findall(expression)))


def renamed(expression: str, metrics: Metrics) -> str:
    """The expression with the metric names of DCGM 4.6."""
    return _METRIC.sub(lambda found: _current(found[0], metrics), expression)


def _current(name: str, metrics: Metrics) -> str:
    known = metrics.metrics.get(name)
    return (known.renamed if known else None) or name
