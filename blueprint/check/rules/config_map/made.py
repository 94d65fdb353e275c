"""ConfigMaps that the operator creates."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.common.made_by_operator import MADE_BY_THE_OPERATOR
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity

_DEFAULTS = {
    "default-mig-parted-config": ("migManager", "config"),
    "default-gpu-clients": ("migManager", "gpuClientsConfig"),
    "default-vgpu-devices-config": ("vgpuDeviceManager", "config"),
}
"""By name: the section of the ClusterPolicy that names another one (gpu-operator v26.7.0, createConfigMap)."""


@rule(MADE_BY_THE_OPERATOR, tags=("operator",))
def made(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's ConfigMap with the name of a default of the operator, which overwrites its data."""
    section = _DEFAULTS.get(subject.id.name)
    if section is None or subject.component != USERS:
        return
    if context.cluster_policy_value(*section, "name") in (None, "", subject.id.name):
        text = f"the GPU Operator creates {subject.id.name} itself, and overwrites its data"
        help_ = f"give it another name, and set {'.'.join(section)}.name in the ClusterPolicy"
        override = None if context.cluster_policy else Severity.WARNING
        yield ObjectFinding(MADE_BY_THE_OPERATOR, ("metadata", "name"), text, help_, override)


RULES = (made,)
