"""The configuration of Node Feature Discovery's workers, compared with the labels that the GPU Operator looks for."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule_context import RuleContext, by_hand, inside
from blueprint.diagnostics import Refused, define
from blueprint.source.loader import load_text

DISCOVERY_CONFIG = define("BP6205", "discovery-config", page=__file__)
_FIELDS = ("sources", "pci", "deviceLabelFields")
_OTHER_NAMES = frozenset({"device", "subsystem_vendor", "subsystem_device"})


def worker_faults(subject: Object, path: Path, context: RuleContext) -> Iterator[ObjectFinding]:
    """The fields from which labels of PCI devices are built, in the worker's configuration at a path."""
    fields = inside(configuration(subject, path, context), *_FIELDS)
    if isinstance(fields, list) and (_OTHER_NAMES & set(map(str, fields)) or "vendor" not in fields):
        text = f"sources.pci.deviceLabelFields is {', '.join(map(str, fields))}: the operator finds no GPU nodes"
        yield ObjectFinding(DISCOVERY_CONFIG, path, text, "use [vendor], or [class, vendor]")


def configuration(subject: Object, path: Path, context: RuleContext) -> object:
    """The parsed file, if it exists and is readable. NFD's own pod reports invalid YAML."""
    text = value_at(subject.data, path)
    if not isinstance(text, str) or context.cluster_policy is None or not by_hand(subject, *map(str, path)):
        return None
    try:
        return load_text(text, str(path[-1])).data
    except Refused:
        return None
