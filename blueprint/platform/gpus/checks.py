"""Checks of GPUs: expectations and numbers that a product cannot meet."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Note, Severity
from blueprint.platform import codes
from blueprint.platform.check_context import CheckContext
from blueprint.platform.paths import POOLS
from blueprint.records import replace
from blueprint.wording import counted


def check_ecc(context: CheckContext) -> Iterator[Diagnostic]:
    """Report expected ECC on GPUs without it."""
    for pool in context.platform.gpu_pools:
        supported = pool.gpu.facts.ecc.supported
        if supported.certain and not supported.value and pool.expect_ecc:
            message = f"{pool.gpu.product} has no ECC memory"
            path, notes = (*POOLS, pool.name, "expect", "ecc"), (context.product_note(pool.name),)
            code, help_ = codes.ECC_UNSUPPORTED, "remove it, or set it to false"
            yield context.diagnostic_at(path, code, message, help_=help_, notes=notes)


def check_boards(context: CheckContext) -> Iterator[Diagnostic]:
    """Report nodes with more GPUs than the only board that exists."""
    for pool in context.pools.values():
        gpu = pool.gpu
        board = gpu.catalogued.board_gpus if gpu and gpu.catalogued else None
        if gpu and board and gpu.count > board.value:
            most = f"a board with {gpu.product} has {board.value}"
            message = f"nodes of pool {pool.name} cannot have {gpu.count} GPUs: {most}"
            notes = (context.product_note(pool.name), Note(f"{board.source} ({board.confidence})", board.span))
            found = context.diagnostic_at(
                (*POOLS, pool.name, "gpu", "count"),
                codes.MORE_THAN_A_BOARD,
                message,
                notes=notes,
                help_=f"{counted(board.value, 'GPU')} per node, on more nodes",
                fix=str(board.value),
            )
            yield found if board.certain else replace(found, override=Severity.WARNING)
