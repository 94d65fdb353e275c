"""`spec.poolDefaults`: merged under every pool with GPUs, so that values keep their sources."""

from collections.abc import Callable

from blueprint.source.merge import Node, merge
from blueprint.spec.karpenter import KARPENTER

DEFAULTS = "poolDefaults"


def merge_pool_defaults(root: Node, has_gpus: Callable[[str], bool]) -> None:
    """Merge the defaults under the pools, in place, before null values are removed, so that a pool can remove a
    default.

    Args:
        root: The merged document.
        has_gpus: Whether machines of an instance type have GPUs, according to the catalogue.
    """
    spec = root.get(("spec",))
    if spec is None or not isinstance(spec.value, dict):
        return
    defaults, pools = spec.value.get(DEFAULTS), spec.value.get("nodePools")
    if not (defaults and isinstance(defaults.value, dict) and pools and isinstance(pools.value, dict)):
        return
    for name, pool in pools.value.items():
        if isinstance(pool.value, dict) and _gets_defaults(pool, has_gpus):
            merged = merge(defaults, pool, [])
            # The pool keeps its own span: it was written there, whatever it inherits.
            merged.replaced = pool.replaced
            pools.value[name] = merged


def _gets_defaults(pool: Node, has_gpus: Callable[[str], bool]) -> bool:
    """Whether a pool has GPUs: by `gpu`, or by a machine with GPUs."""
    gpu = pool.get(("gpu",))
    if gpu and gpu.value is not None:
        return True
    listed = pool.get((KARPENTER, "instanceTypes"))
    types = [
        pool.get(("machine", "instanceType")),
        *(listed.value if listed and isinstance(listed.value, list) else ()),
    ]
    return any(each and isinstance(each.value, str) and has_gpus(each.value) for each in types)
