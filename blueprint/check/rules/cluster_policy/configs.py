"""ConfigMaps and Secrets that the ClusterPolicy refers to."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.common.operand_configs import OPERAND_CONFIG, driver_configs, licence_faults, missing_config
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.check.rules.config_map.counters import COUNTERS_KEY

_OPERANDS = (("devicePlugin", None), ("migManager", "config.yaml"), ("dcgmExporter", COUNTERS_KEY))
_LICENCE: Path = ("spec", "driver", "licensingConfig")
_MODULES: Path = ("spec", "driver", "kernelModuleConfig", "name")
_OF_DRIVER: tuple[Path, ...] = (
    ("spec", "driver", "repoConfig", "configMapName"),
    ("spec", "driver", "certConfig", "name"),
    ("spec", "driver", "virtualTopology", "config"),
)


@rule(OPERAND_CONFIG, tags=("operator",))
def named(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """References of the ClusterPolicy to missing ConfigMaps or keys."""
    for operand, key in _OPERANDS:
        path: Path = ("spec", operand, "config", "name")
        missing, found = missing_config(subject, path, context)
        default = inside(subject.data, "spec", operand, "config", "default") if key is None else key
        if missing:
            yield missing
        elif found and default and default not in (data := mapping(found.data.get("data"))):
            text = f"the ConfigMap {found.id.name} has no key {default}, which {operand} reads"
            yield ObjectFinding(OPERAND_CONFIG, path, text, f"existing keys: {', '.join(map(str, data)) or 'none'}")
    yield from driver_configs(subject, _MODULES, _OF_DRIVER, context)
    yield from licence_faults(subject, _LICENCE, "configMapName", context, token=False)


RULES = (named,)
