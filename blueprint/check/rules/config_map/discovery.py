"""The configuration of Node Feature Discovery, compared with the labels that the GPU Operator looks for."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, by_hand, inside, items, mapping
from blueprint.diagnostics import Refused, define
from blueprint.source.loader import load_text

DISCOVERY_CONFIG = define("BP6205", "discovery-config", page=__file__)
_FIELDS = ("sources", "pci", "deviceLabelFields")
_OTHER_NAMES = frozenset({"device", "subsystem_vendor", "subsystem_device"})
_DOMAIN = "nvidia.com"


@rule(DISCOVERY_CONFIG, tags=("discovery",))
def worker(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The fields from which labels of PCI devices are built."""
    path = ("data", "nfd-worker.conf")
    fields = inside(_conf(subject, context, path[1]), *_FIELDS)
    if isinstance(fields, list) and (_OTHER_NAMES & set(map(str, fields)) or "vendor" not in fields):
        text = f"sources.pci.deviceLabelFields is {', '.join(map(str, fields))}: the operator finds no GPU nodes"
        yield ObjectFinding(DISCOVERY_CONFIG, path, text, "use [vendor], or [class, vendor]")


@rule(DISCOVERY_CONFIG, tags=("discovery",))
def master(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels that are dropped. Only some of Kubernetes' domains are denied by default."""
    path = ("data", "nfd-master.conf")
    conf = mapping(_conf(subject, context, path[1]))
    denied = next((each for each in items(conf.get("denyLabelNs")) if _is_denied(str(each))), None)
    if denied is not None and _DOMAIN not in items(conf.get("extraLabelNs")):
        text = f"denyLabelNs has {denied}, so labels of GPU feature discovery are dropped"
        yield ObjectFinding(DISCOVERY_CONFIG, path, text, f"remove it, or set extraLabelNs: [{_DOMAIN}]")


def _is_denied(pattern: str) -> bool:
    return pattern == _DOMAIN or (pattern.startswith("*") and _DOMAIN.endswith(pattern[1:]))


def _conf(subject: Object, context: RuleContext, key: str) -> object:
    """The parsed file, if it exists and is readable. NFD's own pod reports invalid YAML."""
    text = mapping(subject.data.get("data")).get(key)
    if not isinstance(text, str) or context.cluster_policy is None or not by_hand(subject, "data", key):
        return None
    try:
        return load_text(text, key).data
    except Refused:
        return None


RULES = (worker, master)
