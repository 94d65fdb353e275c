"""The configuration of the workers, in the object of NFD's own operator."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.discovery import DISCOVERY_CONFIG, worker_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext


@rule(DISCOVERY_CONFIG, tags=("discovery",))
def worker(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The labels of PCI devices."""
    yield from worker_faults(subject, ("spec", "workerConfig", "configData"), context)


RULES = (worker,)
