"""Planning nodes costs their number plus that of the pools, not their product: calls are counted, not timed."""

from __future__ import annotations

from typing import Any, cast

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Taint
from blueprint.changes.compare import Action
from blueprint.cluster.nodes import plan_nodes
from tests.support.bundles import bundle, pool
from tests.support.call_counts import counted_calls, is_linear


class Nodes:
    """Responds like an API server with these nodes, so that the work of a client is not counted."""

    def __init__(self, nodes: list[dict[str, Any]]) -> None:
        self._nodes = nodes

    def list(self, _path: str) -> list[dict[str, Any]]:
        return self._nodes

    def apply(self, _path: str, body: dict[str, Any], *_: object, **__: object) -> tuple[dict[str, Any], bool]:
        return body, False


def node(number: int, of: str) -> dict[str, Any]:
    meta = {"name": f"{of}-{number}", "uid": f"{of}-{number}", "resourceVersion": "1", "labels": {"pool": of}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {}}


def cost(pools: int, nodes_each: int) -> int:
    """The number of function calls to plan the labels and taints of the nodes of that many pools."""
    names = [f"pool-{number}" for number in range(pools)]
    taints = (Taint("nvidia.com/gpu", "true", "NoSchedule"),)
    declared = tuple(pool(n, {"pool": n}, nodes_each, labels={"a.b/c": n}, taints=taints) for n in names)
    cluster = cast("Connection", Nodes([node(number, name) for name in names for number in range(nodes_each)]))
    calls, (steps, found) = counted_calls(lambda: plan_nodes(bundle("b", pools=declared), cluster, None))
    assert [step.action for step in steps] == [Action.UPDATE] * (pools * nodes_each)
    assert found == ()
    return calls


def test_each_further_node_costs_as_much_as_the_one_before() -> None:
    assert is_linear(*(cost(1, count) for count in (12, 24, 48)))


def test_each_further_pool_with_its_node_costs_as_much_as_the_one_before() -> None:
    assert is_linear(*(cost(count, 1) for count in (12, 24, 48)))
