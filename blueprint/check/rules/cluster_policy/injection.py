"""Device injection into containers: CDI, NRI, and variables that the operator sets itself."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define

NRI_ALONE = define("BP6010", "nri-without-cdi", page=__file__)
RESERVED_VARIABLE = define("BP6011", "reserved-variable", page=__file__)
NO_LONGER_READ = define("BP6012", "field-no-longer-read", page=__file__, severity=Severity.WARNING)
DEPRECATED = define("BP6472", "field-deprecated", page=__file__, severity=Severity.NOTE)
_RESERVED = {
    "devicePlugin": ("DEVICE_LIST_STRATEGY", "MIG_STRATEGY", "NVIDIA_MIG_MONITOR_DEVICES", "NVIDIA_DRIVER_ROOT"),
    "gfd": ("MIG_STRATEGY", "GFD_MIG_STRATEGY"),
}
_DEPRECATED = {("driver", "licensingConfig", "configMapName"): "driver.licensingConfig.secretName"}
_GONE = {
    ("driver", "useOpenKernelModules"): "driver.kernelModuleType",
    ("cdi", "default"): None,
    ("operator", "defaultRuntime"): None,
    ("psp",): "psa",
    ("kataManager",): None,
}


@rule(NRI_ALONE, tags=("operator",))
def nri(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """NRI without CDI or toolkit."""
    spec = mapping(subject.data.get("spec"))
    if inside(spec, "cdi", "nriPluginEnabled") is True:
        for path in (("cdi", "enabled"), ("toolkit", "enabled")):
            if inside(spec, *path) is False:
                text = f"spec.cdi.nriPluginEnabled needs spec.{'.'.join(path)}, which is false"
                yield ObjectFinding(NRI_ALONE, ("spec", *path), text, "enable it, or disable the NRI plugin")


@rule(RESERVED_VARIABLE, tags=("operator",))
def variables(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Variables that are determined elsewhere."""
    for part, reserved in _RESERVED.items():
        for index, each in enumerate(items(inside(subject.data, "spec", part, "env"))):
            name = mapping(each).get("name")
            if name in reserved:
                text = f"spec.{part}.env sets {name}, which the platform controls"
                yield ObjectFinding(RESERVED_VARIABLE, ("spec", part, "env", index, "name"), text, "remove it")


@rule(NO_LONGER_READ, tags=("operator",))
def gone(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Fields without effect."""
    for path, instead in _GONE.items():
        value = inside(subject.data, "spec", *path)
        if value not in (None, False, "") and mapping(value).get("enabled") is not False:
            help_ = f"use {instead}" if instead else "remove it"
            yield ObjectFinding(
                NO_LONGER_READ, ("spec", *path), f"spec.{'.'.join(path)} no longer has any effect", help_
            )


@rule(DEPRECATED, tags=("operator",))
def deprecated(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Fields that still work but have a replacement."""
    for path, instead in _DEPRECATED.items():
        if inside(subject.data, "spec", *path) not in (None, ""):
            field = ".".join(path)
            yield ObjectFinding(DEPRECATED, ("spec", *path), f"spec.{field} is deprecated; use {instead}",
                            f"use {instead}")  # fmt: skip


RULES = (nri, variables, gone, deprecated)
