"""ConfigMaps that an NVIDIADriver refers to."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.common.operand_configs import OPERAND_CONFIG, driver_configs
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext

_MODULES: Path = ("spec", "kernelModuleConfig", "name")
_OTHERS: tuple[Path, ...] = (
    ("spec", "repoConfig", "name"),
    ("spec", "certConfig", "name"),
    ("spec", "virtualTopologyConfig", "name"),
)


@rule(OPERAND_CONFIG, tags=("operator", "driver"), needs=(Capability.COMPLETE,))
def named(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """References of an NVIDIADriver to missing ConfigMaps, and keys that the driver does not read."""
    yield from driver_configs(subject, _MODULES, _OTHERS, context)


RULES = (named,)
