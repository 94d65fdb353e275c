"""Common parts of findings about nodes: the subject, the pool's line, and the writer of a mark."""

from __future__ import annotations

from blueprint.bundle.model import BundlePool
from blueprint.cluster.health import SIMULATED
from blueprint.drift.model import Writer, facts
from blueprint.drift.view import Live


def subject_of(node: Live) -> str:
    """`Node/name`."""
    return f"Node/{node['metadata']['name']}"


def seen_of(node: Live, pool: BundlePool) -> tuple[tuple[str, str], ...]:
    """The pool, and facts that identify the state of the node."""
    return (("pool", pool.name), *facts(node))


def writer_of(node: Live, at: tuple[str, ...], us: str, *, gone: bool = False) -> Writer | None:
    """The last writer of a field; for a removed one, only if the list that contained it has another owner than us."""
    from blueprint.drift.ownership import claims_at, foreign, latest

    claims = claims_at(node, at, us)
    return latest(foreign(claims) if gone else claims)


def is_real(node: Live) -> bool:
    """Whether a kubelet has ever reported from it. Nodes of a lab are marked as simulated."""
    made_up = (node["metadata"].get("annotations") or {}).get(SIMULATED) == "true"
    return not made_up and bool((node.get("status") or {}).get("conditions"))
