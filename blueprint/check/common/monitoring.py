"""What Prometheus selects, and which metrics of GPUs its exporters count."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.rule_context import RuleContext, inside, items, mapping

COUNTERS_KEY = "dcgm-metrics.csv"


def selects(server: Object, what: str, subject: Object, context: RuleContext) -> bool:
    """Whether a Prometheus takes the object; True where that cannot be told.

    Args:
        server: The Prometheus.
        what: `serviceMonitor`, `podMonitor`, `rule`, `probe`.
        subject: The monitor, or the rules.
        context: Knows the labels of namespaces.
    """
    if not server.id.namespace:
        return True  # an example that is to be completed
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


def matches(selector: Any, labels: Mapping[Any, Any]) -> bool:
    """Whether a label selector takes an object with these labels."""
    wanted = mapping(mapping(selector).get("matchLabels"))
    expressions = map(mapping, items(mapping(selector).get("matchExpressions")))
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _meets(each, labels) for each in expressions
    )


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


def exported_fields(context: RuleContext) -> frozenset[str]:
    """Every field of DCGM in the files of counters among the objects; none where there is no such file."""
    found: set[str] = set()
    for each in context.objects_of_kind("ConfigMap"):
        text = mapping(each.data.get("data")).get(COUNTERS_KEY)
        for row in csv.reader(text.splitlines(), skipinitialspace=True) if isinstance(text, str) else ():
            if row and not row[0].lstrip().startswith("#"):
                found.add(row[0].strip())
    return frozenset(found)
