"""Two versions of a small platform, an API server with injected faults, and an oracle for objects that are not
applied.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import discover
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.managed_fields import content, own_entry
from blueprint.bundle.model import Bundle, Object, Taint
from blueprint.http import Response
from blueprint.inventory.membership import as_member, manager
from tests.support.bundles import GPU_TAINT, Data, bundle, config_map, definition, deployment, namespace, pool, widget

OUTLIVED = Taint("example.org/old", "", "NoSchedule")


def before(name: str) -> Bundle:
    """The version that was applied completely: ten objects and a node."""
    return bundle(name, *_objects(name), digest=f"{name}-1", pools=(_pool(name, "old", OUTLIVED),))


def after(name: str, dice: random.Random, *, wild: bool = True) -> Bundle:
    """The version to apply: every object changed in one of many ways, two new objects, and one removed."""
    objects = [dice.choice(_CHANGES[data["kind"]])(copy.deepcopy(data)) for data in _objects(name)]
    gone = dice.choice([None, "Role"])
    kept = [data for data in objects if data["kind"] != gone]
    kept += [config_map(name, "new", a="1"), deployment(name, "another")]
    if wild:
        kept += [config_map(name, "taken", a="1")]  # another client has already created it
    pools = (dice.choice([_pool(name, "new", GPU_TAINT), _pool(name, "old", GPU_TAINT), _pool(name, None)]),)
    return bundle(name, *sorted(kept, key=_order), digest=f"{name}-2", pools=pools)


def somebodys(name: str) -> Data:
    """An object of `after` as another client created it before, with the same values."""
    return config_map(name, "taken", a="1")


def _order(data: Data) -> int:
    kinds = ["Namespace", "CustomResourceDefinition", "ConfigMap", "Secret", "ServiceAccount", "Role", "Service"]
    return (kinds.index(data["kind"]) if data["kind"] in kinds else 9) + (data["kind"] == "Widget")


def _pool(name: str, label: str | None, *taints: Taint) -> Any:
    labels = {} if label is None else {"example.org/kept": "1", f"example.org/{label}": "1"}
    return pool("train", {"pool": name}, labels=labels, taints=taints)


def _thing(api_version: str, kind: str, namespace: str, **rest: Any) -> Data:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", "namespace": namespace}, **rest}


def _objects(name: str) -> list[Data]:
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 80}
    job = deployment(name)["spec"]["template"]
    job["spec"]["restartPolicy"] = "Never"
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    objects = [
        namespace(name),
        definition(f"{name}.example.com"),
        config_map(name, a="1", b="2"),
        _thing("v1", "Secret", name, type="Opaque", data={"a": "YQ=="}),
        _thing("v1", "ServiceAccount", name),
        _thing("rbac.authorization.k8s.io/v1", "Role", name, rules=[rule]),
        _thing("v1", "Service", name, spec={"selector": {"app": "web"}, "ports": [port]}),
        deployment(name, replicas=3),
        _thing("batch/v1", "Job", name, spec={"template": job}),
        widget(f"{name}.example.com"),
    ]
    return sorted(objects, key=_order)


def _put(path: str, value: Any) -> Callable[[Data], Data]:
    def change(data: Data) -> Data:
        *above, last = path.split(".")
        here: Any = data
        for step in above:
            here = here[int(step)] if step.isdecimal() else here.setdefault(step, {})
        here[last] = value
        return data

    return change


def _drop(path: str) -> Callable[[Data], Data]:
    def change(data: Data) -> Data:
        *above, last = path.split(".")
        here: Any = data
        for step in above:
            here = here[int(step)] if step.isdecimal() else here[step]
        del here[last]
        return data

    return change


def _both(*changes: Callable[[Data], Data]) -> Callable[[Data], Data]:
    def change(data: Data) -> Data:
        for one in changes:
            data = one(data)
        return data

    return change


_LABEL = _put("metadata.labels", {"tier": "x"})
_FIRST = "spec.template.spec.containers.0"
_CHANGES: dict[str, list[Callable[[Data], Data]]] = {
    "Namespace": [_LABEL, _put("metadata.annotations", {"a.b/c": "1"})],
    "CustomResourceDefinition": [_LABEL, _put("spec.names.shortNames", ["wi"])],
    "ConfigMap": [_put("data.a", "2"), _drop("data.b"), _put("data.c", "3"), _LABEL],
    "Secret": [_put("data.a", "Yg=="), _put("data.b", "Yg=="), _put("type", "example.org/other")],
    "ServiceAccount": [_LABEL, _put("automountServiceAccountToken", False)],
    "Role": [_put("rules.0.verbs", ["get", "list"])],
    "Service": [_put("spec.selector.app", "other"), _put("spec.type", "ClusterIP"), _put("spec.clusterIP", "None")],
    "Deployment": [
        _put(f"{_FIRST}.image", "registry/operator:2"),
        _put(f"{_FIRST}.image", ""),
        _put(f"{_FIRST}.imagePullPolicy", "IfNotPresent"),
        _drop("spec.replicas"),
        _put("spec.revisionHistoryLimit", 10),
        _both(_put("spec.selector.matchLabels", {"app": "other"}), _put("spec.template.metadata.labels.app", "other")),
        _both(_put(f"{_FIRST}.env", [{"name": "B", "value": "1"}]), _LABEL),
    ],
    "Job": [_put(f"{_FIRST}.image", "registry/operator:2"), _LABEL, _put("spec.suspend", True)],
    "Widget": [_put("spec.size", 4), _put("spec.note", "new"), _put("spec.size", 99), _drop("spec.size")],
}


def not_applied(wanted: Bundle, cluster: Connection) -> set[str]:
    """The objects and nodes that a forced apply of `wanted` would still change or cannot correct.

    The function relies only on the API server: its objects and its response to a forced dry run of each complete
    object.
    """
    found = discover(cluster)
    late = set()
    for obj in wanted.objects:
        resource = found.find(obj.api_version, obj.id.kind)
        if resource is None or _differs(wanted, obj, cluster, resource.path(obj.id.namespace, obj.id.name)):
            late.add(str(obj.id))
    return late | set(_nodes(wanted, cluster))


def _differs(wanted: Bundle, obj: Object, cluster: Connection, path: str) -> bool:
    us = manager(wanted.name)
    try:
        live = cluster.get(path)
        then, _ = cluster.apply(path, as_member(obj.data, wanted.name), us, force=True, dry_run=True)
    except ApiError as error:
        if error.status not in {403, 404, 422}:
            raise
        return True
    if live["metadata"].get("deletionTimestamp"):
        return True
    mine, soon = own_entry(live, us), own_entry(then, us)
    return content(live) != content(then) or mine is None or soon is None or mine.fields != soon.fields


def _nodes(wanted: Bundle, cluster: Connection) -> Iterator[str]:
    [want] = wanted.pools
    for node in cluster.list("/api/v1/nodes", f"pool={wanted.name}"):
        own = own_entry(node, manager(wanted.name))
        mine = {key[2:] for key in own.fields["f:metadata"]["f:labels"] if key != "."} if own else set()
        labels = node["metadata"]["labels"]
        taints = {(t["key"], t.get("value", ""), t["effect"]) for t in node["spec"].get("taints") or ()}
        right = all(labels.get(key) == value for key, value in want.labels.items()) and mine == set(want.labels)
        if not right or taints != {(t.key, t.value, t.effect) for t in want.taints}:
            yield f"Node/{node['metadata']['name']}"


Answer = Response
Send = Callable[[], Answer]
Fault = Callable[[str, str, Send], Answer]
"""A function of the method, the path and a function that sends the request. It can respond, send, raise, or combine
these.
"""


@contextmanager
def failing(cluster: Connection, fault: Fault) -> Iterator[list[str]]:
    """Put a fault in front of the API server that sees every write. Yields the writes that were requested."""
    seen: list[str] = []
    real = cluster._send

    def send(method: str, url: str, *rest: Any) -> Answer:
        path = url.partition("/api")[2]
        if method == "GET":
            return real(method, url, *rest)
        seen.append(f"{method} {path}")
        return fault(method, path, lambda: real(method, url, *rest))

    cluster._send = send  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        cluster._send = real  # type: ignore[method-assign]


def answer(status: int, reason: str, message: str) -> Answer:
    """An error response of the API server."""
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": status}
    return Response(status, {}, json.dumps(body).encode())


def gone() -> ApiError:
    """The error that the connection raises if the server does not respond."""
    return ApiError(0, "Unreachable", "connection reset by peer")
