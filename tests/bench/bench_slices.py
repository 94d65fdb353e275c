"""The cost of predicting and comparing ResourceSlices: `python -m tests.bench.bench_slices`.

5,000 nodes (BENCH_NODES for another number) with eight GPUs each: whole, and partitioned on demand (208 devices). It
prints the seconds for the objects of all nodes, and for comparing as many live ones with the prediction.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from blueprint.bundle.model import BundlePool
from blueprint.drift.live_slices import newest
from blueprint.drift.slice_findings import ComparedNode, PoolComparison
from blueprint.platform.dra.slices import PoolSlices
from tests.support.platforms import H100
from tests.support.published_slices import AsNodesFillIt, bundle_of

NODES = int(os.environ.get("BENCH_NODES", "5000"))
WAYS = {"whole": "", "partitioned on demand": "draFeatureGates: {DynamicMIG: true}"}


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def predict(made: PoolSlices, *, synthetic: bool) -> int:
    """The objects of all nodes, node by node; returns their number."""
    return sum(len(made.of_node(f"node-{number}", synthetic=synthetic)) for number in range(NODES))


def compare(pool: BundlePool) -> int:
    """Compare the slices of all nodes; returns the number of findings."""
    [publication] = pool.published
    comparison, live = PoolComparison(publication), PoolSlices(AsNodesFillIt(pool))
    found = 0
    for number in range(NODES):
        name = f"node-{number}"
        found += len(
            [*comparison.compare(ComparedNode(name, pool, "bench"), newest(live.of_node(name, synthetic=True)))]
        )
    return found


def main() -> None:
    for way, settings in WAYS.items():
        pool = bundle_of(H100, settings=settings).pools[0]
        for synthetic in (False, True):
            made = PoolSlices(pool)
            took = seconds(partial(predict, made, synthetic=synthetic))
            print(f"{NODES} nodes, {way}, {'made-up' if synthetic else 'no'} identities: predicted in {took:.2f} s")
        took = seconds(partial(compare, pool))
        print(f"{NODES} nodes, {way}: made and compared in {took:.2f} s")


if __name__ == "__main__":
    main()
