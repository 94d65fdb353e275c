"""Sample workloads: for each pool, one pod for each thing that it offers, and one that requests more than there is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import USERS, Bundle, BundlePool, Object
from blueprint.lab.devices import sorts_of
from blueprint.lab.nodes import offered_resources
from blueprint.lab.trial.model import EXPECT, UNSCHEDULABLE, Workload
from blueprint.platform.dra.slices import slices_of_node
from blueprint.records import Record

NAMESPACE = "lab-samples"
_IMAGE = "registry.k8s.io/pause:3.10"
"""Never pulled: pods of a lab do not run."""
_MORE = "more-than-a-node-has"
Json = dict[str, Any]
Classes = Mapping[tuple[str, str], str]
"""Names of DeviceClasses by driver and type of device."""


class _Sort(Record):
    """Devices that one request can select. `selector` distinguishes them from others of their class."""

    name: str
    device_class: str
    selector: str
    number: int


def samples(bundle: Bundle, classes: Classes, runtime_classes: Mapping[str, str]) -> Iterator[Workload]:
    """The samples for all pools whose nodes offer resources or devices; pods of some pools need a RuntimeClass."""
    for pool in bundle.pools:
        spec = {"runtimeClassName": runtime_classes[pool.name]} if pool.name in runtime_classes else {}
        resources = offered_resources(bundle, pool)
        for resource in resources:
            yield _with_resource(pool, resource.rpartition("/")[2], resource, 1, spec)
        if resources:
            resource, number = max(resources.items(), key=lambda item: item[1])
            yield _with_resource(pool, _MORE, resource, number + 1, spec)
        sorts = list(_sorts(pool, classes))
        yield from (_with_claim(pool, each.name, each, 1, spec) for each in sorts)
        if sorts and not resources:  # one such sample for each pool
            fewest = min(sorts, key=lambda each: each.number)
            yield _with_claim(pool, _MORE, fewest, fewest.number + 1, spec)


def _sorts(pool: BundlePool, classes: Classes) -> Iterator[_Sort]:
    for (driver, kind, profile), number in sorts_of(slices_of_node(pool, "any", synthetic=True)).items():
        if name := classes.get((driver, kind)):
            selector = f"device.attributes['{driver}'].profile == '{profile}'" if profile else ""
            yield _Sort("-".join(filter(None, (kind, profile))), name, selector, number)


def _with_resource(pool: BundlePool, name: str, resource: str, number: int, spec: Json) -> Workload:
    return Workload(_pod(pool, name, {"limits": {resource: str(number)}}, spec))


def _with_claim(pool: BundlePool, name: str, sort: _Sort, number: int, spec: Json) -> Workload:
    """A pod, and its claim template."""
    named = _name(pool, name)
    exactly: Json = {"deviceClassName": sort.device_class, "count": number}
    if sort.selector:
        exactly["selectors"] = [{"cel": {"expression": sort.selector}}]
    template = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": {"name": named, "namespace": NAMESPACE},
        "spec": {"spec": {"devices": {"requests": [{"name": sort.name.partition("-")[0], "exactly": exactly}]}}},
    }
    more = {**spec, "resourceClaims": [{"name": "devices", "resourceClaimTemplateName": named}]}
    return Workload(_pod(pool, name, {"claims": [{"name": "devices"}]}, more), beside=(Object(template, USERS),))


def _pod(pool: BundlePool, name: str, resources: Json, more: Json) -> Object:
    """A pod that can run only on the nodes of a pool."""
    tolerations = [
        {"key": taint.key, "operator": "Equal", "value": taint.value or "", "effect": taint.effect}
        for taint in pool.taints
    ]
    metadata: Json = {"name": _name(pool, name), "namespace": NAMESPACE}
    if name == _MORE:
        metadata["annotations"] = {EXPECT: UNSCHEDULABLE}
    spec = {
        "nodeSelector": dict(pool.selector),
        "tolerations": tolerations,
        "containers": [{"name": "main", "image": _IMAGE, "resources": resources}],
        **more,
    }
    return Object({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, USERS)


def _name(pool: BundlePool, name: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", f"{pool.name}-{name}".lower())
