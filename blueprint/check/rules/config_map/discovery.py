"""The files of Node Feature Discovery."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.discovery import DISCOVERY_CONFIG, configuration, worker_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, items, mapping


@rule(DISCOVERY_CONFIG, tags=("discovery",))
def worker(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The labels of PCI devices."""
    yield from worker_faults(subject, ("data", "nfd-worker.conf"), context)


@rule(DISCOVERY_CONFIG, tags=("discovery",))
def master(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The labels that are not filtered."""
    path = ("data", "nfd-master.conf")
    conf = configuration(subject, path, context)
    if conf is not None and "nvidia.com" not in items(mapping(conf).get("extraLabelNs")):
        text = "extraLabelNs lacks nvidia.com, so labels of GPU feature discovery are dropped"
        yield ObjectFinding(DISCOVERY_CONFIG, path, text, "set extraLabelNs: [nvidia.com]")


RULES = (worker, master)
