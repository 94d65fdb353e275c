"""Reserved keys that this version rejects: their future meaning, and what to do until then."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.spec.model import Spec
from blueprint.spec.pools import NodePool

_RESERVED = {"spec": Spec.NOT_YET, "spec.nodePools.*": NodePool.NOT_YET}
_MEANING = {
    "kata": "pods in virtual machines with whole GPUs",
    "queue": "the queue whose workloads the pool runs",
}


def reserved_fields() -> Iterator[str]:
    """Their paths, in order."""
    for parent, keys in _RESERVED.items():
        yield from (f"{parent}.{key}" for key in sorted(keys))


def reserved_text(topic: str) -> str | None:
    """The explanation of a reserved key, by its path or its last part; None for other topics."""
    path = next((path for path in reserved_fields() if topic in (path, path.rpartition(".")[2])), None)
    if path is None:
        return None
    parent, _, key = path.rpartition(".")
    will = f" It will declare {_MEANING[key]}."
    return (
        f"# {path}\n\nThis key is reserved in the language. This version rejects it (BP2003) rather than applying "
        f"it partly.{will}\n\nUntil then: {_RESERVED[parent][key]}."
    )
