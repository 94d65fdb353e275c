"""Metrics, alerts, recording rules and dashboards: files of the component that carries out `observability`, and of each
component that exports metrics of its own, with `exports.yaml` in place of the counter file.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from blueprint.catalog.facts import CatalogueFile, Matching, Text
from blueprint.catalog.loader import read
from blueprint.records import Record, field

MetricSet = Literal["minimal", "standard", "full"]
SETS: tuple[MetricSet, ...] = ("minimal", "standard", "full")
"""Each is part of the next."""

MetricName = Annotated[str, Matching(r"DCGM_[A-Z]+_[A-Z0-9_]+", "a field of DCGM or its exporter")]
ExportName = Annotated[str, Matching(r"[a-z][a-z0-9_]*", "a metric, like up")]
AlertName = Annotated[str, Matching(r"[A-Z][A-Za-z]+", "words in capitals")]
RecordName = Annotated[str, Matching(r"[a-z_]+:[a-z_]+:[a-z0-9_]+", "level:metric:operation")]
Duration = Annotated[str, Matching(r"\d+[smhd]", "a duration")]
Condition = Literal[
    "clusterPolicy", "devicePlugin", "draDriver", "driver", "nodeStatus", "operator", "nodes", "tenants"
]
_METRIC = re.compile(r"\bDCGM_[A-Z]+_[A-Z0-9_]+\b")


class Metric(Record, kw_only=True):
    """One row of the exporter's counter file; `renamed` is the name that DCGM 4.6 gave the same field.

    `nvlink5` says that it is counted where GPUs may have NVLink 5 alone (`only`), or not there (`never`);
    `instances` whether it has a value for MIG instances.
    """

    type: Literal["gauge", "counter", "label"]
    set: MetricSet
    nvlink5: Literal["only", "never"] | None = None
    instances: bool = True
    renamed: MetricName | None = None
    help: Text


class Metrics(CatalogueFile, kw_only=True):
    """All rows by name, and how often the exporter reads the GPUs, in seconds."""

    collection_seconds: int
    source: Text
    metrics: Mapping[MetricName, Metric]

    def counted(self, name: str, include: Iterable[str], exclude: Iterable[str], *, nvlink5: bool) -> dict[str, str]:
        """What the exporter is told to count, with its type: a set, smaller sets included, more, less."""
        sets = SETS[: SETS.index(name) + 1]
        unfit = "never" if nvlink5 else "only"
        wanted = {metric for metric, row in self.metrics.items() if row.set in sets and row.nvlink5 != unfit}
        wanted = (wanted | set(include)) - set(exclude)
        return {metric: row.type for metric, row in self.metrics.items() if metric in wanted}


class Export(Record, kw_only=True):
    """A metric that a component exports; `setting` is the one that switches it on."""

    type: Literal["gauge", "counter"]
    setting: Text | None = None


class Exports(CatalogueFile, kw_only=True):
    """What a component exports by itself, as far as definitions read it."""

    source: Text
    metrics: Mapping[ExportName, Export]


class Threshold(Record, kw_only=True):
    """What a blueprint may set of an alert, in `unit`, and how the limit is found where it does not.

    `value` is the limit itself; otherwise it is `percent` of the product's `fact`, or so much `below` it. The fact
    `pcie` stands for what DCGM expects of the product's PCIe generation and width.
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
    """The recording rules by group, in the order in which they build upon each other."""

    groups: Mapping[Text, tuple[RecordDefinition, ...]]


class Panel(Record, kw_only=True):
    """One panel; `queries` are legend and expression. `unit` is Grafana's name of a unit."""

    title: Text
    type: Literal["timeseries", "stat", "table", "gauge", "bargauge", "heatmap"]
    unit: Text = "short"
    width: int = 12
    queries: Mapping[str, Text]


class DashboardDefinition(Record, kw_only=True):
    """One dashboard: rows of panels. `variables` are what a reader chooses: labels, and the metric that has them."""

    title: Text
    variables: Mapping[Text, Text] = field(default_factory=dict)
    rows: Mapping[Text, tuple[Panel, ...]]


class Dashboards(CatalogueFile, kw_only=True):
    """The dashboards by stable uid."""

    dashboards: Mapping[Annotated[str, Matching("[a-z][a-z-]{0,39}", "a uid")], DashboardDefinition]


class Definitions(Record):
    """What is recorded, alerted on and drawn."""

    alerts: Alerts
    records: Records
    dashboards: Dashboards


class Monitoring(Record):
    """Those of the component that carries out `observability`, and its counter file."""

    metrics: Metrics
    definitions: Definitions


@lru_cache(maxsize=2)
def load_monitoring(folder: Path) -> Monitoring:
    """The data of the component in `folder`. Raises Refused where a file is wrong."""
    return Monitoring(read(folder / "metrics.yaml", Metrics), load_definitions(folder))


@lru_cache(maxsize=8)
def load_definitions(folder: Path) -> Definitions:
    """The definitions of the component in `folder`. Raises Refused where a file is wrong."""
    return Definitions(
        read(folder / "alerts.yaml", Alerts),
        read(folder / "records.yaml", Records),
        read(folder / "dashboards.yaml", Dashboards),
    )


@lru_cache(maxsize=8)
def load_exports(folder: Path) -> Exports | None:
    """What the component in `folder` exports; None where it has no such file. Raises Refused where it is wrong."""
    file = folder / "exports.yaml"
    return read(file, Exports) if file.is_file() else None


def metrics_in(expression: str) -> list[str]:
    """The exporter's metrics that an expression reads, in order, once each."""
    return list(dict.fromkeys(_METRIC.findall(expression)))


def renamed(expression: str, metrics: Metrics) -> str:
    """The expression with the names that DCGM 4.6 gave its metrics."""
    return _METRIC.sub(lambda found: _current(found[0], metrics), expression)


def _current(name: str, metrics: Metrics) -> str:
    known = metrics.metrics.get(name)
    return (known.renamed if known else None) or name
