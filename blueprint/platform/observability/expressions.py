"""Fills placeholders in the definitions of alerts and recording rules: pools, limits, metric names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from string import Template
from typing import Any

from blueprint.catalog.component_files.monitoring import AlertDefinition, Metrics, Threshold, metrics_in, renamed
from blueprint.catalog.facts import Fact
from blueprint.catalog.hardware import Gpu
from blueprint.patterns import lazy_pattern
from blueprint.platform.tracking.tracked import read_fact
from blueprint.platform.views import PoolView
from blueprint.records import Record

PCIE_REPLAYS = {1: 0.15, 2: 0.3, 3: 0.48, 4: 0.96, 5: 1.92, 6: 3.84}
"""The maximum number of replays per minute and lane of a link with one bit error in 10^12, by generation (DCGM)."""
OF_A_GPU = ("node", "pool", "gpu", "UUID", "GPU_I_ID", "GPU_I_PROFILE", "xid", "clock_event")
"""The labels that identify a GPU's series of a metric, independent of the pod that holds the GPU or the instance."""
_RECORD = lazy_pattern(r"\b[a-z_]+:[a-z_]+:[a-z0-9_]+")


class AlertLimit(Record):
    """The value with which an alert compares. `value` is None if only the GPU itself knows its limit, as explained in
    `why`.
    """

    value: int | None
    why: str | None = None


def limit_of(threshold: Threshold, given: int | None, gpu: Gpu | None) -> AlertLimit:
    """The limit of an alert: the blueprint's, the definition's own value, or the product's, if verified."""
    if given is not None:
        return AlertLimit(given)
    if threshold.value is not None:
        return AlertLimit(threshold.value)
    facts = _facts(threshold.fact or "", gpu)
    if not facts:
        return AlertLimit(None, "the catalogue has no limit for the product")
    if not all(fact.certain for fact in facts):
        return AlertLimit(None, "the catalogue's limit for the product is not verified")
    return AlertLimit(_computed(threshold, [read_fact(fact) for fact in facts]))


def _facts(path: str, gpu: Gpu | None) -> list[Fact[Any]]:
    if path == "pcie":
        return [gpu.pcie.generation, gpu.pcie.width] if gpu and gpu.pcie else []
    found: Any = gpu
    for step in path.split("."):
        name = "".join(f"_{char.lower()}" if char.isupper() else char for char in step)
        found = getattr(found, name, None)
    return [found] if isinstance(found, Fact) else []


def _computed(threshold: Threshold, values: list[int]) -> int:
    if threshold.fact == "pcie":
        generation, width = values
        return math.ceil(width * PCIE_REPLAYS[generation])
    if threshold.percent is not None:
        return values[0] * threshold.percent // 100
    return values[0] - (threshold.below or 0)


def chosen(definition: AlertDefinition, limit: AlertLimit | None) -> str | None:
    """The expression to use, or None if there is no limit to compare with."""
    if limit is not None and limit.value is None:
        return definition.otherwise
    return definition.expr


def filled(
    expression: str, pool: PoolView | None, limit: AlertLimit | None, places: Mapping[str, str] | None = None
) -> str:
    """The expression with the pool's name, nodes and GPUs, the limit, and the values in `places`."""
    values = dict(places or {})
    if limit is not None and limit.value is not None:
        values["threshold"] = str(limit.value)
    if pool is not None and pool.gpu is not None:
        values |= {"pool": pool.own_label}
        values |= {"count": str(pool.gpu.count)} if "${count}" in expression else {}
        values |= {"nodes": str(pool.nodes_min)} if "${nodes}" in expression else {}
    return Template(expression).safe_substitute(values)


def once_for_each_gpu(expression: str) -> str:
    """The expression without the pods that hold a GPU: the exporter reports a series with the same value for each of
    them.
    """
    return f"max by ({', '.join(OF_A_GPU)}) ({expression})"


def lacking(expression: str, exported: Mapping[str, str]) -> Iterator[str]:
    """The metrics that an expression reads and the exporter does not export."""
    return (name for name in metrics_in(expression) if name not in exported)


def in_dialect(expression: str, names: str, metrics: Metrics) -> str:
    """The expression with the metric names of the exporter."""
    return renamed(expression, metrics) if names == "dcgm-4.6" else expression


def records_in(expression: str) -> frozenset[str]:
    """The recording rules that an expression reads."""
    return frozenset(_RECORD.findall(expression))
