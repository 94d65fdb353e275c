"""One alert for a pool or for the platform: its limit, its expression, and whether it can apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from blueprint.catalog.component_files.monitoring import AlertDefinition, Threshold
from blueprint.platform.observability.expressions import chosen, filled, limit_of, once_for_each_gpu
from blueprint.platform.observability.homes import Home
from blueprint.platform.tracking.recorder import record, tracked_property
from blueprint.platform.views import GpuPoolView
from blueprint.records import Record
from blueprint.units import duration_seconds

CLAIMED = "pods claim GPUs (allocation: dra), but its metrics need a device plugin"
SHARED = "pods share GPUs, but the exporter reports only one pod per GPU"
MAY_BE_EMPTY = "the pool may have no nodes at all"
ALL_MAY_BE_EMPTY = "every pool may have no nodes at all"
NO_NVLINK_5 = "GPUs of this product have no NVLink 5"
MAY_GROW = "the pool has no fixed number of nodes"


class LeftOut(Record):
    """An alert that is not rendered, and why; `pool` is empty if it applies to the platform."""

    name: str
    pool: str
    why: str


class DeclaredAlert(Record):
    """The blueprint's settings for an alert; None leaves the definition unchanged."""

    enabled: bool
    threshold: int | None
    lasting: str | None
    severity: str | None


class Alerting(Protocol):
    """The observability settings that alerts use."""

    @property
    def spec(self) -> Any:
        """The section of the blueprint."""

    @property
    def claimed(self) -> bool:
        """Whether pods claim GPUs."""

    @property
    def by_number(self) -> bool:
        """Whether pods request GPUs by number."""

    @property
    def shared(self) -> Sequence[str]:
        """Pools whose GPUs several pods use at the same time."""

    @property
    def always_some(self) -> bool:
        """Whether at least one pool always has nodes."""

    @property
    def runbooks(self) -> str:
        """The location of the runbooks."""

    def reaction_to(self, alert: str) -> str | None:
        """The declared reaction to what an alert reports."""

    @property
    def places(self) -> Mapping[str, str]:
        """The placeholders in definitions besides pool and limit."""

    def translated(self, expression: str) -> str:
        """An expression with the metric names of the exporter."""


class Alert:
    """One alerting rule: an alert's definition, for one pool or for the platform."""

    def __init__(
        self, name: str, definition: AlertDefinition, pool: GpuPoolView | None, owner: Alerting, home: Home
    ) -> None:
        self.name = name
        self.definition = definition
        self.pool = pool
        self._owner = owner
        self.home = home

    @tracked_property
    def spec(self) -> Any:
        """The blueprint's settings for it, or None."""
        alerts = self._owner.spec.alerts
        return alerts[self.name] if self.name in frozenset(alerts) else None

    @tracked_property
    def enabled(self) -> bool:
        """Whether the blueprint leaves it enabled."""
        return self.spec is None or self.spec.enabled

    @tracked_property
    def severity(self) -> str:
        """`info`, `warning` or `critical`."""
        return (self.spec.severity if self.spec is not None else None) or self._default("severity")

    @tracked_property
    def team(self) -> str:
        """The responsible team: the platform's, or the tenant in a label of the alert."""
        return self._default("team")

    @tracked_property
    def reaction(self) -> str | None:
        """The declared reaction, which may depend on the Xid; None if none is declared."""
        return self._owner.reaction_to(self.name)

    @tracked_property
    def lasting(self) -> str | None:
        """How long the condition must hold; None: it fires immediately."""
        lasting = (self.spec.lasting if self.spec is not None else None) or self._default("lasting")
        return None if duration_seconds(lasting) == 0 else lasting

    @tracked_property
    def expr(self) -> str | None:
        """The expression; None if there is no limit."""
        definition = self.definition
        limit = self._limit(definition.threshold) if definition.threshold else None
        expression = chosen(definition, limit)
        record(self.home.line("alerts", self.name, "expr"))
        return expression and filled(expression, self.pool, limit, self._owner.places)

    def _limit(self, threshold: Threshold) -> Any:
        given = self.spec.threshold if self.spec is not None else None
        record(self.home.line("alerts", self.name, "threshold"))
        return limit_of(threshold, given, self.pool.gpu.facts if self.pool and self.pool.gpu else None)

    @tracked_property
    def query(self) -> str:
        """The expression with the exporter's metric names; once for each GPU if several pods may hold it."""
        expression = self._owner.translated(self.expr or "")
        held_by_many = self._owner.claimed or self._shared
        return once_for_each_gpu(expression) if self.definition.about == "gpu" and held_by_many else expression

    @tracked_property
    def _shared(self) -> bool:
        return self.pool is not None and self.pool.own_label in self._owner.shared

    @tracked_property
    def why_left_out(self) -> str | None:
        """Why it is not rendered, or None."""
        if not self.enabled:
            return "it is disabled"
        if self.home.why_silent is not None:
            return self.home.why_silent
        if not self._owner.by_number and self.definition.when in ("clusterPolicy", "devicePlugin"):
            return CLAIMED
        if (why := self._why_not_here()) is not None:
            return why
        if self.expr is None:
            assert self.definition.threshold  # noqa: S101 - otherwise there is an expression
            return str(self._limit(self.definition.threshold).why)
        missing = self.lacking
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not exported" if missing else None

    @property
    def lacking(self) -> tuple[str, ...]:
        """The metrics that it reads but the exporter does not export."""
        return tuple(self.home.lacking(self.expr or ""))

    def _why_not_here(self) -> str | None:
        """Why it does not apply to the pool, or to any pool."""
        definition = self.definition
        if definition.when == "nodes":
            return None if self._owner.always_some else ALL_MAY_BE_EMPTY
        if self.pool is None or self.pool.gpu is None:
            return None
        if definition.about == "pod" and self._shared:
            return SHARED
        if definition.fixed and self.pool.nodes_min < self.pool.nodes_max:
            return MAY_GROW
        return MAY_BE_EMPTY if "${nodes}" in definition.expr and self.pool.nodes_min == 0 else None

    @tracked_property
    def summary(self) -> str:
        """A one-line summary for users."""
        return self._default("summary")

    @tracked_property
    def description(self) -> str:
        """A description of the problem, using the alert's labels."""
        return filled(self._default("description"), self.pool, None)

    @tracked_property
    def runbook(self) -> str:
        """The URL of the runbook."""
        return f"{self._owner.runbooks}/{self.name}.md"

    def _default(self, key: str) -> str:
        record(self.home.line("alerts", self.name, key))
        return str(getattr(self.definition, key))
