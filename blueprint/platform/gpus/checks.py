"""Checks of GPUs: expectations that a product cannot meet."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic
from blueprint.platform import codes
from blueprint.platform.check_context import CheckContext
from blueprint.platform.paths import POOLS


def check_ecc(context: CheckContext) -> Iterator[Diagnostic]:
    """Report expected ECC on GPUs without it."""
    for pool in context.platform.gpu_pools:
        supported = pool.gpu.facts.ecc.supported
        if supported.certain and not supported.value and pool.expect_ecc:
            message = f"{pool.gpu.product} has no ECC memory"
            path, notes = (*POOLS, pool.name, "expect", "ecc"), (context.product_note(pool.name),)
            code, help_ = codes.ECC_UNSUPPORTED, "remove it, or set it to false"
            yield context.diagnostic_at(path, code, message, help_=help_, notes=notes)
