"""The subjects of a finding that a waiver can use: the object, the node, the pool."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic
from blueprint.source.paths import parse_path

_POOLS = ("spec", "nodePools")


def subjects_of(diagnostic: Diagnostic) -> Iterator[str]:
    """`Kind/[namespace/]name`, `Node/name`, `Pool/name`: all known subjects of the finding."""
    if diagnostic.subject:
        yield diagnostic.subject
    if not diagnostic.subject and (pool := _pool_of(diagnostic.path or "")):
        yield f"Pool/{pool}"
    yield from (f"Pool/{text}" for name, text in diagnostic.evidence if name == "pool")


def _pool_of(path: str) -> str:
    """The pool of a field in the blueprint; empty if it belongs to none."""
    try:
        steps = parse_path(path)
    except ValueError:
        return ""
    return str(steps[2]) if steps[:2] == _POOLS and len(steps) > len(_POOLS) else ""
