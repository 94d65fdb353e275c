"""What every finding about a node needs: its subject, the pool's line, who wrote a mark."""

from __future__ import annotations

from blueprint.bundle.model import BundlePool
from blueprint.cluster.health import SIMULATED
from blueprint.drift.model import Writer, facts
from blueprint.drift.view import Live


def subject_of(node: Live) -> str:
    """`Node/name`."""
    return f"Node/{node['metadata']['name']}"


def seen_of(node: Live, pool: BundlePool) -> tuple[tuple[str, str], ...]:
    """The pool, and what identifies the state of the node."""
    return (("pool", pool.name), *facts(node))


def writer_of(node: Live, at: tuple[str, ...], us: str, *, gone: bool = False) -> Writer | None:
    """The last writer of a field; of a removed one only where the list it was in has another owner than us."""
    from blueprint.drift.ownership import claims_at, foreign, latest

    claims = claims_at(node, at, us)
    return latest(foreign(claims) if gone else claims)


def is_real(node: Live) -> bool:
    """Whether a kubelet has ever reported from it: a lab says of its nodes that they are made up, others just are."""
    made_up = (node["metadata"].get("annotations") or {}).get(SIMULATED) == "true"
    return not made_up and bool((node.get("status") or {}).get("conditions"))
