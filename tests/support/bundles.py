"""Small bundles for tests, with a blueprint line for every field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle, BundlePool, FieldOrigin, Object, ObjectId, Path, Source, Taint
from blueprint.changes.compare import Action
from blueprint.cluster.apply import ApplyOptions, ApplyOutcome, apply_plan
from blueprint.cluster.events import ApplyEvent, ApplyStatus, Event, Listener
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Span
from tests.support.waits import PATIENCE

Data = dict[str, Any]


def each_object(then: Callable[[ObjectId, ApplyStatus], object]) -> Listener:
    """A listener for the status of each object."""

    def listen(event: Event) -> None:
        if isinstance(event, ApplyEvent):
            then(event.id, event.status)

    return listen


def bundle(name: str, *objects: Data, digest: str = "d1", **settings: Any) -> Bundle:
    """A bundle with these objects, in this order."""
    defaults = {
        "version": "1.0.0",
        "release": "2026.11",
        "kubernetes": "1.36",
        "distribution": "generic",
        "cluster_uid": None,
        "node_labels": "apply",
        "pools": (),
        "expectations": (),
    }
    traced = tuple(Object(data, "test", dict(origins(data))) for data in objects)
    return Bundle(name=name, objects=traced, digest=digest, **(defaults | settings))


def origins(data: Any, at: Path = ()) -> Iterator[tuple[Path, FieldOrigin]]:
    """The origin of each field: every field has its own line in blueprint.yaml."""
    line = 1 + sum(ord(letter) for letter in repr(at)) % 997
    span = Span("blueprint.yaml", line, 3, line, 9)
    yield at, FieldOrigin(Span("template.yaml", line, 1, line, 2), (Source("blueprint", span, repr(at)),))
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from origins(value, (*at, key))


def line_of(*path: str | int) -> int:
    """The blueprint line that `origins` assigns to a field."""
    return next(iter(origins(None, path)))[1].template.line


def namespace(name: str) -> Data:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config_map(namespace: str, name: str = "settings", **data: Any) -> Data:
    """A ConfigMap."""
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data or {"mode": "strict"}}


def deployment(namespace: str, name: str = "operator", image: str = "registry/operator:1", **spec: Any) -> Data:
    """A Deployment with one container."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": image, "env": [{"name": "A", "value": "1"}]}]},
            },
            **spec,
        },
    }


def definition(group: str, kind: str = "Widget") -> Data:
    """A cluster-scoped CRD with a field `spec.size` from 1 to 9."""
    plural = f"{kind.lower()}s"
    size = {"type": "integer", "minimum": 1, "maximum": 9}
    spec = {"type": "object", "properties": {"size": size, "note": {"type": "string"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def widget(group: str, name: str = "w", size: int = 3, kind: str = "Widget") -> Data:
    """An instance of the CRD from `definition`."""
    return {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": name}, "spec": {"size": size}}


def pool(name: str, selector: dict[str, str], nodes: int = 1, **settings: Any) -> BundlePool:
    """A node pool."""
    defaults: Data = {
        "nodes_min": nodes,
        "nodes_max": nodes,
        "labels": {},
        "taints": (),
        "gpu_product": None,
        "gpu_count": 0,
        "sources": {},
    }
    return BundlePool(name=name, selector=selector, **(defaults | settings))


GPU_TAINT = Taint("nvidia.com/gpu", "present", "NoSchedule")


def apply(wanted: Bundle, cluster: Connection, **options: Any) -> ApplyOutcome:
    """Plan and apply."""
    return apply_plan(make_plan(wanted, cluster), cluster, ApplyOptions(**({"timeout": PATIENCE} | options)))


def actions(wanted: Bundle, cluster: Connection) -> list[Action]:
    """The action that a plan contains for each object."""
    return [step.action for step in make_plan(wanted, cluster).steps]


def versions(cluster: Connection, *paths: str) -> list[str]:
    """The resourceVersions of live objects."""
    return [cluster.get(path)["metadata"]["resourceVersion"] for path in paths]


def codes(result: Any) -> list[str]:
    """The diagnostic codes of a result, sorted."""
    return sorted(found.code.slug for found in result.diagnostics)


def patch_as(manager: str, cluster: Connection, path: str, body: Data) -> Data:
    """Change a live object as another user would with kubectl."""
    return cluster.patch(path, body, manager, "application/strategic-merge-patch+json")


Change = Callable[[Data], None]
