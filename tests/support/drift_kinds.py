"""Objects of many kinds, built-in and custom, with every list and map type of the API."""

from __future__ import annotations

from typing import Any

from tests.support.drift_platform import deployment

GROUP = "drift.example.org"


def definition() -> dict[str, Any]:
    """A CRD with keyed, set and atomic lists, granular and atomic maps, defaults and quantities."""

    def array(items: dict[str, Any], kind: str, **rest: Any) -> dict[str, Any]:
        return {"type": "array", "items": items, "x-kubernetes-list-type": kind, **rest}

    text, number = {"type": "string"}, {"type": "integer"}
    item = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": text, "value": number, "mode": {"type": "string", "default": "auto"}},
    }
    texts = {"type": "object", "additionalProperties": text}
    spec = {
        "keyed": array(item, "map", **{"x-kubernetes-list-map-keys": ["id"]}),
        "names": array(text, "set"),
        "plain": array(item, "atomic"),
        "bare": {"type": "array", "items": text},
        "granular": texts,
        "sealed": texts | {"x-kubernetes-map-type": "atomic"},
        "size": {"x-kubernetes-int-or-string": True},
        "ratio": {"type": "number"},
        "enabled": {"type": "boolean"},
        "policy": {"type": "string", "default": "Always"},
        "nested": {"type": "object", "properties": {"deep": item | {"required": []}, "free": texts}},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    }
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": spec}}}
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def widget(namespace: str) -> dict[str, Any]:
    """One object of that custom resource."""
    return _thing(
        f"{GROUP}/v1",
        "Widget",
        namespace,
        {
            "keyed": [{"id": "a", "value": 1}, {"id": "b", "value": 2}],
            "names": ["x", "y"],
            "plain": [{"id": "p", "value": 1}],
            "bare": ["one", "two"],
            "granular": {"k": "v", "l": "w"},
            "sealed": {"k": "v"},
            "size": "1000m",
            "ratio": 1,
            "enabled": True,
            "nested": {"deep": {"id": "d", "value": 3}, "free": {"f": "1"}},
            "any": {"list": [{"a": 1}], "map": {"b": {"c": "d"}}},
        },
    )


def _thing(api_version: str, kind: str, namespace: str, spec: Any = None, **rest: Any) -> dict[str, Any]:
    meta = {"name": "web", "namespace": namespace, "labels": {"app": "web"}, "annotations": {"note": "n"}}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta} | ({"spec": spec} if spec else {}) | rest


def many_kinds(namespace: str) -> list[dict[str, Any]]:
    """One object of each kind. The custom resource needs the CRD from `definition`."""
    pod = deployment(namespace)["spec"]["template"]
    selector = {"matchLabels": {"app": "web"}}
    peers = [{"podSelector": {"matchLabels": {"app": "x"}}}]
    return [
        deployment(namespace),
        _thing("apps/v1", "DaemonSet", namespace, {"selector": selector, "template": pod}),
        _thing(
            "apps/v1",
            "StatefulSet",
            namespace,
            {"selector": selector, "template": pod, "serviceName": "web", "replicas": 1},
        ),
        _thing(
            "batch/v1",
            "CronJob",
            namespace,
            {
                "schedule": "0 * * * *",
                "jobTemplate": {"spec": {"template": {**pod, "spec": {**pod["spec"], "restartPolicy": "Never"}}}},
            },
        ),
        _thing("v1", "ConfigMap", namespace, data={"a": "1", "b.c-d": "2"}),
        _thing(
            "v1",
            "Service",
            namespace,
            {
                "selector": {"app": "web"},
                "ports": [
                    {"name": "a", "port": 80, "protocol": "TCP", "targetPort": "http"},
                    {"name": "b", "port": 80, "protocol": "UDP"},
                ],
            },
        ),
        _thing(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            namespace,
            {"podSelector": {}, "ingress": [{"from": peers, "ports": [{"port": 80}]}]},
        ),
        _thing(
            "rbac.authorization.k8s.io/v1",
            "Role",
            namespace,
            rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
        ),
        _thing("v1", "ResourceQuota", namespace, {"hard": {"pods": "10", "requests.cpu": "1"}}),
        _thing(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            namespace,
            {
                "maxReplicas": 3,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
                    }
                ],
            },
        ),
        _thing("policy/v1", "PodDisruptionBudget", namespace, {"minAvailable": 1, "selector": selector}),
        widget(namespace),
    ]
