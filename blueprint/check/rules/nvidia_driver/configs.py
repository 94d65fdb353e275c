"""ConfigMaps and Secrets that an NVIDIADriver refers to."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.common.operand_configs import OPERAND_CONFIG, driver_configs, licence_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext

_LICENCE: Path = ("spec", "licensingConfig")
_MODULES: Path = ("spec", "kernelModuleConfig", "name")
_OTHERS: tuple[Path, ...] = (
    ("spec", "repoConfig", "name"),
    ("spec", "certConfig", "name"),
    ("spec", "virtualTopologyConfig", "name"),
)


@rule(OPERAND_CONFIG, tags=("operator", "driver"))
def named(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """References of an NVIDIADriver to missing ConfigMaps, and keys that the driver does not read."""
    yield from driver_configs(subject, _MODULES, _OTHERS, context)
    yield from licence_faults(subject, _LICENCE, "name", context, token=True)


RULES = (named,)
