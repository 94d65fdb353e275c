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


@rule(DISCOVERY_CONFIG, tags=("discovery",))
def worker(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The fields from which labels of PCI devices are built."""
    path = ("data", "nfd-worker.conf")
    fields = inside(_conf(subject, context, path[1]), *_FIELDS)
    if isinstance(fields, list) and ("device" in fields or "vendor" not in fields):
        text = f"sources.pci.deviceLabelFields is {', '.join(map(str, fields))}: the operator finds no GPU nodes"
        yield ObjectFinding(DISCOVERY_CONFIG, path, text, "use [vendor], or [class, vendor]")


@rule(DISCOVERY_CONFIG, tags=("discovery",))
def master(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The labels that are not filtered."""
    path = ("data", "nfd-master.conf")
    conf = _conf(subject, context, path[1])
    if conf is not None and "nvidia.com" not in items(mapping(conf).get("extraLabelNs")):
        text = "extraLabelNs lacks nvidia.com, so labels of GPU feature discovery are dropped"
        yield ObjectFinding(DISCOVERY_CONFIG, path, text, "set extraLabelNs: [nvidia.com]")


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
