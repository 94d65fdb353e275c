"""The targets that Prometheus selects, and the GPU metrics that its exporters export."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from blueprint.bundle.model import Object, Path
from blueprint.catalog.dcgm_fields import known_fields
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.patterns import lazy_pattern

if TYPE_CHECKING:
    from blueprint.catalog.component_files.monitoring import Metric

COUNTERS_KEY = "dcgm-metrics.csv"
_MOST_SERVERS = 100
"""Objects of Prometheus that are compared with every monitor."""
_MOST_TARGETS = 100
"""Targets with one label that are compared with a selector."""
T = TypeVar("T")
_COUNTED = lazy_pattern(r"^\s*DCGM_(?:FI|EXP)_[A-Z0-9_]+\s*,", re.MULTILINE)


_UNKNOWN = ([""], ["system"])
"""Namespaces that are not known yet: kubebuilder's scaffold has `system` where kustomize puts another one."""
_DCGM = lazy_pattern(r"\bDCGM_(?:FI|EXP)_[A-Z0-9_]+\b")
NOT_SELECTED = define("BP6534", "monitor-not-selected", page=__file__, severity=Severity.WARNING)
NO_SUCH_PORT = define("BP6535", "monitor-port-unknown", page=__file__, severity=Severity.WARNING)
OUT_OF_REACH = define("BP6574", "monitor-out-of-reach", page=__file__, severity=Severity.WARNING)
NOT_EXPORTED = define("BP6533", "metric-not-exported", page=__file__, severity=Severity.WARNING)


def rules_of(subject: Object) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    """The rules of a PrometheusRule, each with its path."""
    for index, group in enumerate(map(mapping, items(inside(subject.data, "spec", "groups")))):
        for number, each in enumerate(map(mapping, items(group.get("rules")))):
            yield ("spec", "groups", index, "rules", number), each


def unselected(what: str, subject: Object, context: RuleContext) -> tuple[str, str] | None:
    """Why no Prometheus selects a monitor or rules, and what to do; None if one does, or if it is unknown.

    Args:
        what: `serviceMonitor`, `podMonitor`, `rule`.
        subject: The monitor, or the rules.
        context: Contains the Prometheus objects, or the Prometheus that a blueprint declares.
    """
    kinds = ("Prometheus", "ThanosRuler") if what == "rule" else ("Prometheus", "PrometheusAgent")
    if servers := [each for kind in kinds for each in context.objects_of_kind(kind)[: _MOST_SERVERS + 1]]:
        if any(selects(each, what, subject, context) for each in servers[:_MOST_SERVERS]):
            return None
        if len(servers) > _MOST_SERVERS:
            context.omit(f"there are more than {_MOST_SERVERS} Prometheus objects")
            return None
        return _why_not(servers[0], what, subject)
    if declared := context.prometheus:
        wanted = declared.rules if what == "rule" else declared.monitors
        missing = {key: value for key, value in wanted.items() if not has_labels({key: value}, subject)}
        listed = ", ".join(f"{key}={value}" for key, value in missing.items())
        return (f"Prometheus selects by {listed}", f"add the label {listed.replace('=', ': ')}") if missing else None
    return None


def _why_not(server: Object, what: str, subject: Object) -> tuple[str, str]:
    """Which selector of a Prometheus leaves the object out, and what to do."""
    spec = mapping(server.data.get("spec"))
    field, help_ = f"{what}Selector", f"add the labels that {what}Selector requires"
    if spec.get(field) is not None and matches(spec[field], mapping(inside(subject.data, "metadata", "labels"))):
        field = f"{what}NamespaceSelector"
        help_ = f"{field}: {{}} selects every namespace; without {field} only {server.id.namespace} is selected"
    return f"{field} of {server.id} is {json.dumps(spec[field]) if field in spec else 'missing'}", help_


def has_labels(wanted: Mapping[str, str], subject: Object) -> bool:
    """Whether an object has all of these labels."""
    labels = mapping(inside(subject.data, "metadata", "labels"))
    return all(labels.get(key) == value for key, value in wanted.items())


def selects(server: Object, what: str, subject: Object, context: RuleContext) -> bool:
    """Whether a Prometheus selects the object; True if it is unknown.

    Args:
        server: The Prometheus.
        what: `serviceMonitor`, `podMonitor`, `rule`, `probe`.
        subject: The monitor, or the rules.
        context: Contains the labels of namespaces.
    """
    if not server.id.namespace:
        return True  # an example that is meant to be completed
    spec = mapping(server.data.get("spec"))
    selector = spec.get(f"{what}Selector")
    if selector is None or not matches(selector, mapping(inside(subject.data, "metadata", "labels"))):
        return False
    namespaces = spec.get(f"{what}NamespaceSelector")
    if namespaces is None:
        return server.id.namespace == subject.id.namespace
    home = context.find("Namespace", subject.id.namespace)
    labels = {**mapping(inside(home.data, "metadata", "labels"))} if home else None
    if labels is None:
        return True
    return matches(namespaces, {"kubernetes.io/metadata.name": subject.id.namespace, **labels})


def in_reach(target: Object, monitor: Object) -> bool:
    """Whether the monitor covers the namespace of a Service or a workload; True if one of them has no namespace."""
    where = mapping(inside(monitor.data, "spec", "namespaceSelector"))
    names = items(where.get("matchNames")) or [monitor.id.namespace]
    return where.get("any") is True or target.id.namespace in ("", *names) or names in _UNKNOWN


def matches(selector: Any, labels: Mapping[Any, Any]) -> bool:
    """Whether a label selector matches these labels."""
    wanted = mapping(mapping(selector).get("matchLabels"))
    expressions = map(mapping, items(mapping(selector).get("matchExpressions")))
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _meets(each, labels) for each in expressions
    )


class Targets(Generic[T]):
    """What monitors may select, by labels."""

    def __init__(self, labelled: Iterable[tuple[T, Mapping[Any, Any]]]) -> None:
        self._labelled = [*labelled]
        self._by_label: dict[tuple[str, str], list[tuple[T, Mapping[Any, Any]]]] = defaultdict(list)
        for each in self._labelled:
            for key, value in each[1].items():
                self._by_label[str(key), str(value)].append(each)

    def selected(self, selector: Any, context: RuleContext) -> list[T]:
        """Those that a label selector takes; none where they are too many to be compared with it."""
        wanted = mapping(mapping(selector).get("matchLabels"))
        lists = (self._by_label.get((str(key), str(value)), []) for key, value in wanted.items())
        fewest = min(lists, key=len, default=self._labelled)
        if len(fewest) > _MOST_TARGETS:
            context.omit(f"more than {_MOST_TARGETS} targets have each of the labels of a selector")
            return []
        return [each for each, labels in fewest if matches(selector, labels)]


def _meets(expression: Mapping[Any, Any], labels: Mapping[Any, Any]) -> bool:
    key, values = expression.get("key"), items(expression.get("values"))
    there = isinstance(key, str) and key in labels
    match expression.get("operator"):
        case "In":
            return there and labels[key] in values
        case "NotIn":
            return not there or labels[key] not in values
        case "Exists":
            return there
        case "DoesNotExist":
            return not there
    return True


def counter_files(subject: Object) -> Iterator[tuple[str, str]]:
    """The exporter's counters files in a ConfigMap, as key and text. Any key may contain one."""
    for key, text in mapping(subject.data.get("data")).items():
        if isinstance(text, str) and (key == COUNTERS_KEY or _COUNTED.search(text)):
            yield str(key), text


def csv_row(line: str) -> list[str]:
    """The parts of a line of counters. Python reads none of more than 131,072 characters as CSV, Go does."""
    try:
        return next(csv.reader([line], skipinitialspace=True), [])
    except csv.Error:
        return line.split(",")


def not_counted(texts: Iterable[str], context: RuleContext) -> Iterator[tuple[str, str]]:
    """DCGM fields that expressions read and no exporter exports: the error, and what to do.

    If counters files are among the objects, only their fields are exported; otherwise all fields that DCGM knows.
    """
    exported = context.once(_rows).keys()
    named = dict.fromkeys(name for text in texts for name in _DCGM.findall(text))
    for name in named:
        if name in context.once(_recorded) or name in (exported or known_fields()):
            continue
        near = None if name in known_fields() else nearest(name, exported or known_fields())
        help_ = f"did you mean {near}?" if near else "add it to the exporter's counters file"
        yield f"no exporter exports {name}" if exported else f"DCGM has no field {name}", help_


def counted_fields(context: RuleContext) -> Mapping[str, str]:
    """The type of every field, from the counters files among the objects, or else the exporter's defaults.

    A field is a counter if either of them calls it one.
    """
    usual = _usual_metrics()
    known = {name: row.type for name, row in usual.items()}
    known |= {row.renamed: row.type for row in usual.values() if row.renamed}
    rows = context.once(_rows)
    both = {**known, **rows}
    return {name: "counter" if known.get(name) == "counter" else kind for name, kind in both.items()}


@cache
def whole_gpu_fields() -> frozenset[str]:
    """Fields without values on partitioned GPUs, under all of their names."""
    rows = {name: row for name, row in _usual_metrics().items() if not row.instances}
    return frozenset({*rows, *(row.renamed for row in rows.values() if row.renamed)})


def _recorded(context: RuleContext) -> frozenset[str]:
    """The metrics that recording rules among the objects create."""
    names = (each.get("record") for rules in context.objects_of_kind("PrometheusRule") for _, each in rules_of(rules))
    return frozenset(name for name in names if isinstance(name, str))


@cache
def _usual_metrics() -> Mapping[str, Metric]:
    """The exporter's fields, as known to the monitoring component."""
    from blueprint.catalog.catalog import load_catalog  # takes a tenth of a second and is rarely needed
    from blueprint.catalog.component_files.monitoring import load_monitoring

    catalog = load_catalog()
    component = catalog.component(catalog.component_with("metricNames"))
    return load_monitoring(component.folder).metrics.metrics if component else {}


def _rows(context: RuleContext) -> Mapping[str, str]:
    """Name and type of all rows in the counters files."""
    found: dict[str, str] = {}
    for each in context.objects_of_kind("ConfigMap"):
        for _, text in counter_files(each):
            for row in map(csv_row, text.splitlines()):
                if row and not row[0].lstrip().startswith("#"):
                    found[row[0].strip()] = row[1].strip() if len(row) > 1 else ""
    return found
