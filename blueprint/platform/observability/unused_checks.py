"""Reports observability settings that have no effect because monitoring is not enabled.

Separate from the other checks of observability, to avoid loading the definitions of metrics and alerts.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components.selection import OBSERVABILITY as COMPONENT
from blueprint.records import replace
from blueprint.source.paths import Path

SECTION: Path = ("spec", "observability")


def check_observability_if_declared(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the observability section if it is declared; otherwise report values that have an effect only with it."""
    if not context.is_written(SECTION):
        return _without_section(context)
    component = context.platform.declared_components.get(COMPONENT)
    if component and component.ownership == "absent":
        return _without_component(context)
    from blueprint.platform.observability.checks import check_observability

    return check_observability(context)


def _without_section(context: CheckContext) -> Iterator[Diagnostic]:
    for pool in context.gpu_pools:
        if pool.cost_per_gpu_hour:
            message = f"there is no observability, so costPerGpuHour of pool {pool.name} has"
            found = context.no_effect(("spec", "nodePools", pool.name, "costPerGpuHour"), ("spec",), message)
            yield replace(found, override=Severity.WARNING)  # GPU prices may be declared before monitoring is enabled
    if COMPONENT in context.platform.declared_components:
        message = f"there is no observability, so the settings of {COMPONENT} have"
        yield context.no_effect(("spec", "components", COMPONENT), ("spec",), message)


def _without_component(context: CheckContext) -> Iterator[Diagnostic]:
    because = ("spec", "components", COMPONENT, "ownership")
    yield context.no_effect(SECTION, because, f"{COMPONENT} is absent, so spec.observability has")
