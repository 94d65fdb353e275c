"""ConfigMaps and Secrets that the GPU Operator's objects refer to."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.rule import Capability
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define, nearest
from blueprint.source.paths import format_path

OPERAND_CONFIG = define("BP6201", "operand-config", page=__file__)
_MODULE_FILES = ("nvidia.conf", "nvidia-uvm.conf", "nvidia-modeset.conf", "nvidia-peermem.conf")
"""The files under /drivers that the driver container reads (NVIDIA gpu-driver-container, nvidia-driver)."""
_LICENCE, _TOKEN = "gridd.conf", "client_configuration_token.tok"
"""The keys that the operator mounts as licence of a vGPU driver (gpu-operator v26.7.0, internal/consts/consts.go)."""


def missing_config(subject: Object, path: Path, context: RuleContext) -> tuple[ObjectFinding | None, Object | None]:
    """The finding about a ConfigMap that a field names and that is not among the objects, or else the ConfigMap.

    If there may be further objects, a missing one is no finding.
    """
    name = inside(subject.data, *map(str, path))
    found = _named("ConfigMap", str(name), context) if name else None
    if found or not name or Capability.COMPLETE not in context.capabilities:
        return None, found
    where = f"which is not among the objects of {context.operator_namespace}"
    text = f"{format_path(path, subject.data)} is {name}, {where}"
    help_ = "add the ConfigMap to extraManifests, or make sure that it exists before the operand starts"
    ours = context.find("Namespace", context.operator_namespace) is not None
    return ObjectFinding(OPERAND_CONFIG, path, text, help_, None if ours else Severity.WARNING), None


def _named(kind: str, name: str, context: RuleContext) -> Object | None:
    """The object in the operator's namespace, which is only known if the input is complete."""
    found = context.find(kind, name, context.operator_namespace)
    return found if found or Capability.COMPLETE in context.capabilities else context.find(kind, name)


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


def licence_faults(
    subject: Object, path: Path, config_map: str, context: RuleContext, *, token: bool
) -> Iterator[ObjectFinding]:
    """Keys that the operator mounts from the Secret or ConfigMap of a vGPU licence, and that it lacks.

    `token`: whether the licence server is one of NLS, unless the section at the path says otherwise.
    """
    section = mapping(value_at(subject.data, path))
    kind, field = ("Secret", "secretName") if section.get("secretName") else ("ConfigMap", config_map)
    found = _named(kind, str(section[field]), context) if section.get(field) else None
    if found is None:
        return
    there = {str(key) for part in ("data", "stringData", "binaryData") for key in mapping(found.data.get(part))}
    enabled = section.get("nlsEnabled")
    for key in (_LICENCE, _TOKEN) if (token if enabled is None else enabled is True) else (_LICENCE,):
        if there and key not in there:
            near = nearest(key, sorted(there))
            text = f"the {kind} {found.id.name} has no key {key}, so the driver pods do not start"
            help_ = f"rename the key {near}" if near else f"its keys: {', '.join(sorted(there))}"
            yield ObjectFinding(OPERAND_CONFIG, (*path, field), text, help_)
