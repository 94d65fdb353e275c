"""Scraping and labels of the exporter's metrics."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.codes import BAD_LABEL
from blueprint.check.common.scrape_times import TIMEOUT_TOO_LONG
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.check.validator import is_go_pattern
from blueprint.diagnostics import Severity, define
from blueprint.kubernetes.names import label_key_fault, label_value_fault
from blueprint.units import as_duration

ALL_POD_LABELS = define("BP6030", "all-pod-labels", page=__file__, severity=Severity.WARNING)
LABEL_FILTER = define("BP6032", "label-filter-malformed", page=__file__)
_MONITOR = ("spec", "dcgmExporter", "serviceMonitor")


@rule(ALL_POD_LABELS, tags=("operator", "monitoring"))
def labels(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Pod labels without a list of allowed labels."""
    exporter = inside(subject.data, "spec", "dcgmExporter")
    if inside(exporter, "enablePodLabels") is True and not inside(exporter, "podLabelAllowlistRegex"):
        text = "spec.dcgmExporter.enablePodLabels adds every label of every pod to the metrics"
        help_ = "list the labels in podLabelAllowlistRegex, or in the setting exporterPodLabelAllowlist"
        yield ObjectFinding(ALL_POD_LABELS, ("spec", "dcgmExporter", "enablePodLabels"), text, help_)


@rule(LABEL_FILTER, tags=("operator", "monitoring"))
def filters(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Invalid regular expressions."""
    path = ("spec", "dcgmExporter", "podLabelAllowlistRegex")
    for index, text in enumerate(items(inside(subject.data, *path))):
        if not is_go_pattern(str(text)):
            message = (
                f"spec.dcgmExporter.podLabelAllowlistRegex: {text} is not a regular expression in Go's syntax (RE2)"
            )
            yield ObjectFinding(LABEL_FILTER, (*path, index), message, "escape special characters: ( is \\(")


@rule(BAD_LABEL, tags=("operator", "monitoring"))
def additional(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels of monitors, which the schema accepts as any string."""
    path = (*_MONITOR, "additionalLabels")
    for key, text in mapping(inside(subject.data, *path)).items():
        if fault := label_key_fault(str(key)) or label_value_fault(str(text)):
            yield ObjectFinding(BAD_LABEL, (*path, key), f"{'.'.join(path)}: {key}: {fault}")


@rule(TIMEOUT_TOO_LONG, tags=("operator", "monitoring"))
def timeout(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A scrape timeout that exceeds the interval."""
    monitor = inside(subject.data, *_MONITOR)
    every, patience = (inside(monitor, key) for key in ("interval", "scrapeTimeout"))
    if (patience_ := as_duration(patience)) and (every_ := as_duration(every)) and patience_ > every_:
        text = f"the exporter is scraped every {every} with a timeout of {patience}"
        yield ObjectFinding(
            TIMEOUT_TOO_LONG, (*_MONITOR, "scrapeTimeout"), text, "make scrapeTimeout shorter than interval"
        )


RULES = (labels, filters, additional, timeout)
