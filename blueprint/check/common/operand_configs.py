"""ConfigMaps that the GPU Operator's objects refer to. That of a licence has a token, so it is created by hand."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.source.paths import format_path

OPERAND_CONFIG = define("BP6201", "operand-config", page=__file__)
_MODULE_FILES = ("nvidia.conf", "nvidia-uvm.conf", "nvidia-modeset.conf", "nvidia-peermem.conf")
"""The files under /drivers that the driver container reads (NVIDIA gpu-driver-container, nvidia-driver)."""


def missing_config(subject: Object, path: Path, context: RuleContext) -> tuple[ObjectFinding | None, Object | None]:
    """The finding about a ConfigMap that a field names and that is not among the objects, or else the ConfigMap."""
    name = inside(subject.data, *map(str, path))
    found = context.find("ConfigMap", name, context.operator_namespace) if name else None
    if found or not name:
        return None, found
    where = f"which is not among the objects of {context.operator_namespace}"
    text = f"{format_path(path, subject.data)} is {name}, {where}"
    help_ = "add the ConfigMap to extraManifests, or make sure that it exists before the operand starts"
    ours = context.find("Namespace", context.operator_namespace) is not None
    return ObjectFinding(OPERAND_CONFIG, path, text, help_, None if ours else Severity.WARNING), None


def driver_configs(
    subject: Object, modules: Path, others: tuple[Path, ...], context: RuleContext
) -> Iterator[ObjectFinding]:
    """Errors in the ConfigMaps of a driver; `modules` is the field that names the one with module parameters."""
    for path in (modules, *others):
        missing, found = missing_config(subject, path, context)
        if missing:
            yield missing
        unread = [key for key in mapping(found.data.get("data")) if key not in _MODULE_FILES] if found else []
        if found and path == modules and unread:
            text = f"the driver does not read the key {unread[0]} of the ConfigMap {found.id.name}"
            yield ObjectFinding(OPERAND_CONFIG, path, text, f"it reads only the keys {', '.join(_MODULE_FILES)}")
