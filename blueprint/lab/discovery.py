"""The labels that discovery would set on the nodes of each pool, as far as the platform determines them."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.bundle.model import Bundle
from blueprint.catalog.component_files.node_marks import load_node_marks
from blueprint.platform.model import Platform
from blueprint.rule_facts.labels import discovered_labels


def discovered_by_pool(platform: Platform | None, bundle: Bundle) -> Mapping[str, Mapping[str, str]]:
    """The labels by pool, then by key. Without the platform, for a stored bundle, only those common to all GPU nodes.

    For a label with several possible values, the first one is used.
    """
    rendered = {obj.component for obj in bundle.objects}
    common = {
        key: value for marks in load_node_marks() if marks.component in rendered for key, value in marks.gives.items()
    }
    found = {pool.name: dict(common) for pool in bundle.pools if pool.gpu_count}
    if platform is not None and platform.node_stack.discovers_gpus:
        for pool in (each for each in platform.gpu_pools if not each.claimed):
            found[pool.name] |= {key: each.values[0] for key, each in discovered_labels(pool).items()}
    return found
