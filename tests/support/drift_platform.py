"""A small platform, with changes like those that users and tools make."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle, FieldOrigin, Object, ObjectId, Path, Source
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Span, has_errors
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import DriftReport, Finding
from blueprint.drift.view import ClusterView
from blueprint.records import replace

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


def deployment(namespace: str, name: str = "web") -> dict[str, Any]:
    """A Deployment with keyed and atomic lists, maps, ports, environment variables and two init containers."""
    container = {
        "name": "main",
        "image": "example.org/web:1.0",
        "args": ["--port", "80"],
        "env": [{"name": "MODE", "value": "fast"}, {"name": "LEVEL", "value": "3"}],
        "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/web"}],
    }
    spec = {
        "serviceAccountName": "web",
        "initContainers": [
            {"name": "first", "image": "example.org/init:1"},
            {"name": "second", "image": "example.org/init:2"},
        ],
        "containers": [container, {"name": "side", "image": "example.org/side:1.0"}],
        "nodeSelector": {"pool": "a"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "volumes": [{"name": "config", "configMap": {"name": "web"}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app": name},
            "annotations": {"example.org/a.b": "1"},
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
        },
    }


def platform(namespace: str) -> list[dict[str, Any]]:
    """One object of several kinds, in apply order."""

    def thing(api_version: str, kind: str, **rest: Any) -> dict[str, Any]:
        return {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {"name": "web", "namespace": namespace},
            **rest,
        }

    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    daemon = deployment(namespace)["spec"] | {"replicas": None}
    del daemon["replicas"]
    return [
        thing("v1", "ServiceAccount"),
        thing("v1", "ConfigMap", data={"mode": "fast", "level": "3"}),
        thing("v1", "Secret", type="Opaque", data={"token": "c2VjcmV0LXRva2Vu"}),
        thing("rbac.authorization.k8s.io/v1", "Role", rules=[rule]),
        thing(
            "v1",
            "Service",
            spec={
                "selector": {"app": "web"},
                "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 80}],
            },
        ),
        deployment(namespace),
        thing("apps/v1", "DaemonSet", spec=daemon),
    ]


def with_origins(data: dict[str, Any], line: int) -> Object:
    """An object in which every field has its own line in an imaginary blueprint."""
    origins: dict[Path, FieldOrigin] = {}

    def walk(value: Any, path: Path) -> None:
        number = line + len(origins)
        span = Span("blueprint.yaml", number, 3, number, 9)
        template = Span("components/web/templates/web.yaml", number, 1, number, 2)
        origins[path] = FieldOrigin(template, (Source("blueprint", span, "spec.web"),))
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for step, child in items:
            walk(child, (*path, step))

    walk(data, ())
    return Object(data, "web", origins)


def bundle_of(name: str, manifests: list[dict[str, Any]], **rest: Any) -> Bundle:
    """A bundle with only these objects."""
    objects = tuple(with_origins(copy.deepcopy(data), 1 + 1000 * i) for i, data in enumerate(manifests))
    given: dict[str, Any] = {"node_labels": "provisioner", "pools": (), "expectations": ()} | rest
    return Bundle(
        name=name,
        version="1.0.0",
        release="2026.11",
        kubernetes="1.36.3",
        distribution="vanilla",
        cluster_uid=None,
        objects=objects,
        digest="a" * 64,
        **given,
    )


@dataclass
class Applied:
    """An applied bundle, with methods to change its objects."""

    bundle: Bundle
    namespace: str
    connection: Connection

    def path(self, what: str) -> str:
        """The URL of `Kind` or `Kind/name` in the namespace of the test."""
        kind, _, name = what.partition("/")
        plural = {"ServiceAccount": "serviceaccounts", "ConfigMap": "configmaps", "Secret": "secrets"}
        plural |= {"Service": "services", "Role": "roles", "Deployment": "deployments", "DaemonSet": "daemonsets"}
        root = {"Role": "apis/rbac.authorization.k8s.io/v1", "Deployment": "apis/apps/v1"}
        root["DaemonSet"] = root["Deployment"]
        place = root.get(kind, "api/v1")
        return f"/{place}/namespaces/{self.namespace}/{plural[kind]}/{name or 'web'}"

    def get(self, what: str) -> dict[str, Any]:
        """The live object."""
        return self.connection.get(self.path(what))

    def patch(
        self,
        what: str,
        body: Any,
        *,
        manager: str = "kubectl-edit",
        how: str = STRATEGIC,
        subresource: str = "",
        force: bool = False,
    ) -> None:
        """Send one PATCH as the client with that name."""
        query = {"fieldManager": manager} | ({"force": "true"} if force else {})
        path = self.path(what) + (f"/{subresource}" if subresource else "")
        self.connection.request("PATCH", path, body, query=query, content_type=how)

    def replace(self, what: str, change: Callable[[dict[str, Any]], None], manager: str = "kubectl-replace") -> None:
        """Read, change and PUT an object, as editors and controllers do."""
        live = self.get(what)
        change(live)
        self.connection.request("PUT", self.path(what), live, query={"fieldManager": manager})

    def drift(self, bundle: Bundle | None = None, **options: Any) -> DriftReport:
        """Compare the cluster with the bundle."""
        return detect_drift(bundle or self.bundle, ClusterView(self.connection), **options)

    def findings(self, **options: Any) -> list[Finding]:
        """The findings of the drift command."""
        return list(self.drift(**options).findings)

    def without(self, kind: str) -> Bundle:
        """The bundle without the objects of one kind."""
        kept = tuple(obj for obj in self.bundle.objects if obj.id.kind != kind)
        return replace(self.bundle, objects=kept, digest="b" * 64)

    def declared(self, kind: str) -> Object:
        """The object of that kind."""
        return next(obj for obj in self.bundle.objects if obj.id.kind == kind)


def apply(bundle: Bundle, connection: Connection) -> None:
    """Apply the bundle, with inventory and snapshots."""
    outcome = apply_plan(make_plan(bundle, connection), connection, ApplyOptions())
    assert not has_errors(outcome.diagnostics), outcome.diagnostics


def identity(kind: str, namespace: str, name: str = "web", group: str = "") -> ObjectId:
    return ObjectId(group, kind, namespace, name)
