"""Keys that belong to the language and are refused by this version: what they will say, and what to do until then."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.spec.model import Spec
from blueprint.spec.pools import NodePool

_RESERVED = {"spec": Spec.NOT_YET, "spec.nodePools.*": NodePool.NOT_YET}
_OWN_OBJECTS = "write the objects yourself and name their files in `spec.extraManifests`: they are checked and applied"
_MEANING = {
    "allocation": ("whether pods of the pool count GPUs or claim them", "`spec.gpuStack` decides for all pools"),
    "computeDomains": (
        "which workloads share the memory of an NVLink domain",
        "`spec.gpuStack: gpuCluster` provides the driver, and a ComputeDomain is an object in `spec.extraManifests`",
    ),
    "karpenter": (
        "the Karpenter NodePool that creates the pool's nodes",
        "write the NodePool yourself, and select its nodes: `selector: {karpenter.sh/nodepool: NAME}`",
    ),
    "kata": (
        "pods in virtual machines with whole GPUs",
        "the GPU Operator's operands for them are settings: `blueprint explain gpu-operator`",
    ),
    "plans": ("how many GPUs tenants may have", _OWN_OBJECTS),
    "policy": ("what workloads may do", _OWN_OBJECTS),
    "queue": ("the queue whose workloads the pool runs", _OWN_OBJECTS),
    "queueing": ("how workloads wait for GPUs: Kueue or KAI Scheduler", _OWN_OBJECTS),
    "tenants": ("who shares the platform: namespaces, quotas, rights", _OWN_OBJECTS),
}


def reserved_fields() -> Iterator[str]:
    """Their paths, in order."""
    for parent, keys in _RESERVED.items():
        yield from (f"{parent}.{key}" for key in sorted(keys))


def reserved_text(topic: str) -> str | None:
    """What is to be said of such a key, by its path or its last part; None for other topics."""
    path = next((path for path in reserved_fields() if topic in (path, path.rpartition(".")[2])), None)
    if path is None:
        return None
    meaning, instead = _MEANING.get(path.rpartition(".")[2], ("", _OWN_OBJECTS))
    will = f" It will say {meaning}." if meaning else ""
    return (
        f"# {path}\n\nThis key belongs to the language, and this version refuses it (BP2003) instead of half "
        f"obeying it.{will}\n\nUntil then, {instead}."
    )
