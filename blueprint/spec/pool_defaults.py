"""`spec.poolDefaults`: merged under every pool that has GPUs, so that values keep the lines that set them."""

from collections.abc import Callable

from blueprint.source.merge import Node, merge
from blueprint.spec.karpenter import KARPENTER

DEFAULTS = "poolDefaults"


def merge_pool_defaults(root: Node, has_gpus: Callable[[str], bool]) -> None:
    """Merge the defaults under the pools, in place; before what is `null` is removed, so that a pool can remove one.

    Args:
        root: The merged document.
        has_gpus: Whether machines of an instance type have GPUs, as far as the catalogue knows.
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
            # Places of the pool stay its own: it is where it was written, whatever it has from elsewhere.
            merged.replaced = pool.replaced
            pools.value[name] = merged


def _gets_defaults(pool: Node, has_gpus: Callable[[str], bool]) -> bool:
    """Whether a pool says that it has GPUs: by `gpu`, or by a machine that has some."""
    gpu = pool.get(("gpu",))
    if gpu and gpu.value is not None:
        return True
    listed = pool.get((KARPENTER, "instanceTypes"))
    types = [
        pool.get(("machine", "instanceType")),
        *(listed.value if listed and isinstance(listed.value, list) else ()),
    ]
    return any(each and isinstance(each.value, str) and has_gpus(each.value) for each in types)
