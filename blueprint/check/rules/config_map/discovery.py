"""The files of Node Feature Discovery."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.discovery import DISCOVERY_CONFIG, configuration, worker_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, items, mapping

_DOMAIN = "nvidia.com"


@rule(DISCOVERY_CONFIG, tags=("discovery",))
def worker(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The labels of PCI devices."""
    yield from worker_faults(subject, ("data", "nfd-worker.conf"), context)


@rule(DISCOVERY_CONFIG, tags=("discovery",))
def master(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels that are dropped. Only some of Kubernetes' domains are denied by default."""
    path = ("data", "nfd-master.conf")
    conf = mapping(configuration(subject, path, context))
    denied = next((each for each in items(conf.get("denyLabelNs")) if _is_denied(str(each))), None)
    if denied is not None and _DOMAIN not in items(conf.get("extraLabelNs")):
        text = f"denyLabelNs has {denied}, so labels of GPU feature discovery are dropped"
        yield ObjectFinding(DISCOVERY_CONFIG, path, text, f"remove it, or set extraLabelNs: [{_DOMAIN}]")


def _is_denied(pattern: str) -> bool:
    return pattern == _DOMAIN or (pattern.startswith("*") and _DOMAIN.endswith(pattern[1:]))


RULES = (worker, master)
