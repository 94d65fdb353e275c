"""What only means something where GPUs are watched. Apart from `watching`, whose data nobody else needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from blueprint.diagnostics import Diagnostic, Severity
from blueprint.platform.check_context import Teller

COMPONENT = "gpu-observability"


def check_unwatched(tell: Teller) -> Iterator[Diagnostic]:
    """What only means something to those who watch."""
    for name, pool in tell.spec.node_pools.items():
        if pool.cost_per_gpu_hour is not None and pool.gpu:
            message = f"there is no observability, so the costs of pool {name}"
            found = tell.no_effect(("spec", "nodePools", name, "costPerGpuHour"), ("spec",), message)
            yield replace(found, override=Severity.WARNING)  # what a GPU costs may be said before anybody watches
    if COMPONENT in tell.spec.components:
        message = f"there is no observability, so the settings of {COMPONENT}"
        yield tell.no_effect(("spec", "components", COMPONENT), ("spec",), message)
