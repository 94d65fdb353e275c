"""Data that is lost if an object is deleted and recreated, as far as the object itself shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blueprint.bundle.model import ObjectId
from blueprint.kubernetes.kinds import find_kind, is_own_group

Live = Mapping[str, Any]
_PODS = ("replicas", "currentNumberScheduled", "active", "succeeded", "failed")
"""The status fields with a workload's number of pods. Pods of a finished Job still hold its logs."""
_HEADLESS = "None"


def losses(live: Live, declared: Mapping[str, Any]) -> tuple[str, ...]:
    """The data that would be lost by deleting `live` and creating `declared` in its place; empty if none."""
    identity = ObjectId.of(live)
    key = (identity.group, identity.kind)
    found = list(_BY_KIND.get(key, _nothing)(live, declared))
    if carried := find_kind(identity.group, identity.kind).carries:
        found.append(carried)
    if not is_own_group(identity.group) and _was_handled(live):
        found.append("what its controller created from it")
    return tuple(found)


def _nothing(_live: Live, _declared: Mapping[str, Any]) -> Iterator[str]:
    return iter(())


def _service(live: Live, declared: Mapping[str, Any]) -> Iterator[str]:
    spec, declared_spec = live["spec"], declared.get("spec") or {}
    if spec.get("type") == "LoadBalancer":
        yield _load_balancer(live)
    address = spec.get("clusterIP")
    if address and address != _HEADLESS and declared_spec.get("clusterIP") != address:
        yield f"its cluster IP {address}"
    if ports := [str(port) for port in _node_ports(spec) if port not in _node_ports(declared_spec)]:
        yield f"its node port{'s' if len(ports) > 1 else ''} {', '.join(ports)}"


def _load_balancer(live: Live) -> str:
    ingress = ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    addresses = ", ".join(str(each.get("ip") or each.get("hostname")) for each in ingress)
    return f"its load balancer{f' with the address {addresses}' if addresses else ''}"


def _node_ports(spec: Mapping[str, Any]) -> list[int]:
    """The declared or assigned node ports, in the order of the ports."""
    return [number for port in spec.get("ports") or () if (number := port.get("nodePort"))]


def _workload(live: Live, _declared: Mapping[str, Any]) -> Iterator[str]:
    status = live.get("status") or {}
    if pods := max((int(status.get(name) or 0) for name in _PODS), default=0):
        yield f"its {pods} pod{'s' if pods > 1 else ''}"


def _claim(live: Live, _declared: Mapping[str, Any]) -> Iterator[str]:
    volume = live["spec"].get("volumeName")
    yield f"the data in its volume {volume}" if volume else "the volume that it waits for"


def _device_claim(live: Live, _declared: Mapping[str, Any]) -> Iterator[str]:
    status = live.get("status") or {}
    if status.get("allocation"):
        yield "the devices that are allocated to it"
    if users := [str(user.get("name")) for user in status.get("reservedFor") or ()]:
        yield f"what {', '.join(users)} runs on"


def _secret(live: Live, declared: Mapping[str, Any]) -> Iterator[str]:
    if live.get("type") == "kubernetes.io/service-account-token":
        yield "the token that clients of its service account use"
    elif set(live.get("data") or ()) - set(declared.get("data") or ()):
        yield "keys that the blueprint does not declare"


def _was_handled(live: Live) -> bool:
    return bool(live.get("status") or live["metadata"].get("finalizers"))


_BY_KIND: Mapping[tuple[str, str], Callable[[Live, Mapping[str, Any]], Iterator[str]]] = {
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Secret"): _secret,
    ("", "Pod"): lambda _live, _declared: iter(("the pod itself",)),
    ("", "ServiceAccount"): lambda _live, _declared: iter(("every token that was issued for it",)),
    ("apps", "DaemonSet"): _workload,
    ("apps", "Deployment"): _workload,
    ("apps", "ReplicaSet"): _workload,
    ("apps", "StatefulSet"): _workload,
    ("batch", "Job"): _workload,
    ("resource.k8s.io", "ResourceClaim"): _device_claim,
}
