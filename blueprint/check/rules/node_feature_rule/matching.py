"""Conditions in Node Feature Discovery rules: existing features, and IDs in the kernel's format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.misspelling import misspelt
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern

FEATURE_UNKNOWN = define("BP6588", "feature-misspelt", page=__file__, severity=Severity.WARNING)
ID_FORM = define("BP6589", "device-id-never-matches", page=__file__, severity=Severity.WARNING)
_FEATURES = (
    "cpu.coprocessor", "cpu.cpuid", "cpu.cstate", "cpu.model", "cpu.pstate", "cpu.rdt", "cpu.security", "cpu.sgx",
    "cpu.sst", "cpu.topology", "kernel.config", "kernel.enabledmodule", "kernel.kvm", "kernel.loadedmodule",
    "kernel.selinux", "kernel.version", "local.feature", "local.label", "memory.hugepages", "memory.numa", "memory.nv",
    "memory.swap", "network.device", "network.virtual", "pci.device", "rule.matched", "storage.block", "system.dmiid",
    "system.name", "system.osrelease", "usb.device",
)  # fmt: skip
_IDS = ("vendor", "device", "class", "subsystem_vendor", "subsystem_device")
_HEX = lazy_pattern(r"[0-9a-f]{4}")
_USB_CLASS = lazy_pattern(r"[0-9a-f]{2}")


@rule(FEATURE_UNKNOWN, tags=("discovery",))
def known(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Features whose name closely resembles a known one. Other names may be newer."""
    for path, each in _matchers(subject):
        name = each.get("feature")
        near = misspelt(name, _FEATURES) if isinstance(name, str) else None
        if near:
            text = f"no source of Node Feature Discovery reports {name}, so the rule matches no node"
            yield ObjectFinding(FEATURE_UNKNOWN, (*path, "feature"), text, f"did you mean {near}?")


@rule(ID_FORM, tags=("discovery",))
def ids(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """PCI and USB device IDs in another format than the kernel's."""
    for path, each in _matchers(subject):
        if each.get("feature") not in ("pci.device", "usb.device"):
            continue
        for key, expression in mapping(each.get("matchExpressions")).items():
            if key not in _IDS or mapping(expression).get("op") not in ("In", "NotIn"):
                continue
            form = _USB_CLASS if (each.get("feature"), key) == ("usb.device", "class") else _HEX
            for index, value in enumerate(items(inside(expression, "value"))):
                if isinstance(value, str) and not form.fullmatch(value):
                    at = (*path, "matchExpressions", key, "value", index)
                    text = f"{key} is never {value}: IDs are lowercase hexadecimal without 0x"
                    normal = value.lower().removeprefix("0x")
                    yield ObjectFinding(
                        ID_FORM, at, text, f"did you mean {normal}?" if form.fullmatch(normal) else None
                    )


def _matchers(subject: Object) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    for index, each in enumerate(map(mapping, items(inside(subject.data, "spec", "rules")))):
        at: Path = ("spec", "rules", index)
        alternatives = enumerate(map(mapping, items(each.get("matchAny"))))
        groups = [((*at, "matchFeatures"), each.get("matchFeatures"))]
        groups += [((*at, "matchAny", n, "matchFeatures"), one.get("matchFeatures")) for n, one in alternatives]
        for path, matchers in groups:
            for number, one in enumerate(map(mapping, items(matchers))):
                yield (*path, number), one


RULES = (known, ids)
