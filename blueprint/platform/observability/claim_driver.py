"""The DRA driver of a component of this platform, as a scrape target."""

from __future__ import annotations

from typing import NamedTuple

from blueprint.catalog.components import ClaimMetrics
from blueprint.platform.tracking.recorder import tracked_property
from blueprint.platform.views import ComponentView, PlatformView

NO_DRA_METRICS = "no DRA driver that this platform installs exports metrics"
_PORT_NAMES = {"gpus": "gpus", "computeDomains": "compute-domains"}


class MetricsPort(NamedTuple):
    """A port of the driver's Service."""

    name: str
    number: int


class ClaimDriver:
    """The driver's pods, and their metrics ports."""

    def __init__(self, platform: PlatformView, component: ComponentView, facts: ClaimMetrics) -> None:
        self._platform = platform
        self._component = component
        self.facts = facts

    @tracked_property
    def namespace(self) -> str:
        """The namespace of its pods."""
        return self._component.namespace

    @tracked_property
    def selector(self) -> dict[str, str]:
        """Labels of its pods."""
        return dict(self.facts.selector)

    @tracked_property
    def ports(self) -> tuple[MetricsPort, ...]:
        """The ports of the running parts."""
        dra = self._platform.dra
        runs = {"gpus": dra.publishes_gpus, "computeDomains": dra.compute_domains}
        return tuple(MetricsPort(_PORT_NAMES[part], port) for part, port in self.facts.ports.items() if runs[part])


def claim_driver_of(platform: PlatformView) -> ClaimDriver | None:
    """The driver that a managed component runs; None if there is none, or if it exports nothing."""
    for component in platform.release_components.values():
        facts = component.component.claim_metrics
        if facts is None or not component.component.belongs_to(platform.stacks):
            continue
        if component.requested and component.ownership == "managed" and platform.setting(facts.switch):
            return ClaimDriver(platform, component, facts)
    return None
