"""Sample workloads: for each pool one pod for each thing that it offers, and one that asks for more than there is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import USERS, Bundle, BundlePool, Object
from blueprint.lab.trial.model import EXPECT, UNSCHEDULABLE, Workload

NAMESPACE = "lab-samples"
_IMAGE = "registry.k8s.io/pause:3.10"
"""Nobody pulls it: pods of a lab do not run."""


def samples(bundle: Bundle, offered: Mapping[str, Mapping[str, int]]) -> Iterator[Workload]:
    """The samples of every pool whose nodes offer something. `offered` is by pool and resource."""
    for pool in bundle.pools:
        resources = offered.get(pool.name, {})
        for resource in resources:
            yield _sample(pool, resource, 1)
        if resources:
            resource, number = max(resources.items(), key=lambda item: item[1])
            yield _sample(pool, resource, number + 1)


def sample_pod(pool: BundlePool, name: str, spec: Mapping[str, Any], *, fits: bool) -> Workload:
    """A pod for the nodes of a pool, and for no others."""
    tolerations = [
        {"key": taint.key, "operator": "Equal", "value": taint.value or "", "effect": taint.effect}
        for taint in pool.taints
    ]
    metadata: dict[str, Any] = {"name": re.sub(r"[^a-z0-9-]+", "-", name.lower()), "namespace": NAMESPACE}
    if not fits:
        metadata["annotations"] = {EXPECT: UNSCHEDULABLE}
    data = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"nodeSelector": dict(pool.selector), "tolerations": tolerations, **spec},
    }
    return Workload(Object(data, USERS))


def container(**resources: Any) -> dict[str, Any]:
    """A container that asks for something and does nothing."""
    return {"name": "main", "image": _IMAGE, "resources": resources}


def _sample(pool: BundlePool, resource: str, number: int) -> Workload:
    fits = number == 1
    short = resource.rpartition("/")[2]
    name = f"{pool.name}-{short}" if fits else f"{pool.name}-more-than-a-node-has"
    limits = {resource: str(number)}
    return sample_pod(pool, name, {"containers": [container(limits=limits)]}, fits=fits)
