"""How the API server of a lab reaches local programs that an operator has put behind Services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.lab.access import Lab

_HOOKS = "/apis/admissionregistration.k8s.io/v1"
_HERE = "localhost"
_MERGE = "application/merge-patch+json"
Json = Mapping[str, Any]
Ports = Mapping[tuple[str, str], int]


def lead_here(lab: Lab, ports: Ports) -> None:
    """Point the Services to this machine, and the webhooks to the ports.

    `ports` are by namespace and name of the Service; 0 if no program runs behind it, and it is not called. Raises
    RequestFailed.
    """
    for kind in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"):
        for found in lab.request("GET", f"{_HOOKS}/{kind}")["items"]:
            hooks = found["webhooks"]
            if any(_service(each) in ports for each in hooks):
                path = f"{_HOOKS}/{kind}/{found['metadata']['name']}"
                lab.request("PATCH", path, {"webhooks": list(_routed(hooks, ports))}, _MERGE)
    for (namespace, name), port in ports.items():
        if port:
            path = f"/api/v1/namespaces/{namespace}/services/{name}"
            alias = {"spec": {"type": "ExternalName", "externalName": _HERE, "clusterIP": None, "clusterIPs": None}}
            lab.request("PATCH", path, alias, _MERGE)


def _routed(hooks: list[Json], ports: Ports) -> Iterator[Json]:
    for each in hooks:
        port = ports.get(_service(each))
        if port:
            client = each["clientConfig"]
            yield {**each, "clientConfig": {**client, "service": {**client["service"], "port": port}}}
        elif port is None:
            yield each


def _service(hook: Json) -> tuple[str, str]:
    service = hook["clientConfig"].get("service") or {}
    return str(service.get("namespace")), str(service.get("name"))
