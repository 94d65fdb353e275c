"""The cost of effects grows with the changes plus the input, not with their product: calls are counted, not timed."""

from __future__ import annotations

from typing import Any

from blueprint.bundle.model import BundlePool, Object
from blueprint.changes.change import changed_objects
from blueprint.changes.compare import compare_objects
from blueprint.changes.effects import find_effects
from tests.support.bundles import pool
from tests.support.call_counts import counted_calls, is_linear


def policy(number: int, version: str) -> Object:
    """The network driver of one pool."""
    data = {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "NicNodePolicy",
        "metadata": {"name": f"pool-{number}"},
        "spec": {
            "nodeSelector": {"pool": f"pool-{number}"},
            "ofedDriver": {"version": version, "upgradePolicy": {"autoUpgrade": True, "maxParallelUpgrades": 1}},
        },
    }
    return Object(data, "network-operator", {})


def cost(count: int) -> int:
    """The number of function calls for the effects of another network driver on each of that many pools."""
    pools: list[BundlePool] = [pool(f"pool-{n}", {"pool": f"pool-{n}"}) for n in range(count)]
    before, after = ([policy(n, version) for n in range(count)] for version in ("1", "2"))
    states: dict[Any, Any] = {obj.id: obj.data for obj in before}
    changed = changed_objects(compare_objects(before, after), states, after)
    calls, found = counted_calls(lambda: find_effects(changed, after, pools))
    assert sum(each.code.slug == "network-driver-rollout" for each in found) == count
    return calls


def test_each_further_pool_with_a_network_driver_costs_as_much_as_the_one_before() -> None:
    cost(1)  # read once
    assert is_linear(*(cost(count) for count in (12, 24, 48)))
