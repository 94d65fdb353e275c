"""Recording rules and dashboards in rendered form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.platform.tracking.recorder import record, recording
from blueprint.platform.tracking.sources import Source, SourceGroup
from blueprint.platform.views import PlatformView
from blueprint.records import Record

PRICES, MEMBERS = "cost", "team"
"""The groups of recording rules that start with the price of every pool, and with the tenant of every namespace."""


class RuleGroup(Record):
    """Rules that are evaluated together."""

    name: str
    rules: tuple[Any, ...]


class RuleSet(Record):
    """The groups of one object."""

    name: str
    groups: tuple[RuleGroup, ...]


class Recording:
    """One recording rule."""

    def __init__(
        self, name: str, expr: str, source: Source | SourceGroup, labels: dict[str, str] | None = None
    ) -> None:
        self.record = name
        self._expr = expr
        self._source = source
        self.labels = labels

    @property
    def expr(self) -> str:
        """The expression."""
        record(self._source)
        return self._expr


class Dashboard(Record):
    """One dashboard in Grafana's format."""

    uid: str
    json: str


def prices(platform: PlatformView) -> Iterator[Recording]:
    """The price of a GPU hour, by pool; if some pool has several prices, also by purchase type."""
    several = has_several_prices(platform)
    for pool in platform.gpu_pools:
        source = platform.origins.source(("spec", "nodePools", pool.name, "costPerGpuHour"))
        if several:
            for purchase, price in pool.cost_per_gpu_hour.items():
                labels = {"pool": pool.own_label, **({"purchase": purchase} if purchase else {})}
                yield Recording("pool_purchase:gpu_price:per_hour", f"vector({price:g})", source, labels)
        elif pool.cost_per_gpu_hour:
            price = next(iter(pool.cost_per_gpu_hour.values()))
            yield Recording("pool:gpu_price:per_hour", f"vector({price:g})", source, {"pool": pool.own_label})


def has_several_prices(platform: PlatformView) -> bool:
    """Whether the price of some pool's GPUs depends on the purchase type."""
    return any(len({*pool.cost_per_gpu_hour.values()}) > 1 for pool in platform.gpu_pools)


def members(platform: PlatformView) -> Iterator[Recording]:
    """The tenant of every namespace."""
    for namespace in sorted(platform.tenants.namespaces, key=lambda each: each.name):
        with recording() as sources:
            labels = {"namespace": namespace.name, "tenant": namespace.owner}
        yield Recording("namespace:tenant:info", "vector(1)", next(iter(sources)), labels)
