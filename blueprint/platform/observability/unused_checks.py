"""What only means something where GPUs are watched. Apart from `watching`, whose data nobody else needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from blueprint.diagnostics import Diagnostic, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components.selection import OBSERVABILITY as COMPONENT


def check_observability_if_declared(context: CheckContext) -> Iterator[Diagnostic]:
    """What is declared of observability; without it, what would only mean something with it."""
    if context.spec.observability is None:
        return check_unused(context)
    from blueprint.platform.observability.checks import check_observability

    return check_observability(context)


def check_unused(context: CheckContext) -> Iterator[Diagnostic]:
    """What only means something to those who watch."""
    for name, pool in context.spec.node_pools.items():
        if pool.cost_per_gpu_hour is not None and pool.gpu:
            message = f"there is no observability, so the costs of pool {name}"
            found = context.no_effect(("spec", "nodePools", name, "costPerGpuHour"), ("spec",), message)
            yield replace(found, override=Severity.WARNING)  # what a GPU costs may be said before anybody watches
    if COMPONENT in context.spec.components:
        message = f"there is no observability, so the settings of {COMPONENT}"
        yield context.no_effect(("spec", "components", COMPONENT), ("spec",), message)
