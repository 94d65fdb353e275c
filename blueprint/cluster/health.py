"""Whether a live object works, as far as its own status says: healthy, not healthy, or unknown.

The absence of a complaint is no health: an object that no controller has looked at is unknown.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Discovery
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Object, ObjectId
from blueprint.cluster import codes, findings
from blueprint.cluster.olm import complaint_of
from blueprint.diagnostics import Diagnostic

SIMULATED = "gpublueprint.dev/simulated"
"""Annotation of nodes that a lab made: nothing that runs on them proves anything."""

_PAUSE = 0.5
_OBSERVED = frozenset({"Deployment", "DaemonSet", "StatefulSet"})
"""Kinds whose controllers always say which generation they have seen."""

_HARMLESS_ONLY = frozenset({"NoGPUNodes", "NFDLabelsMissing"})


class Health(enum.StrEnum):
    """What an object's status comes to."""

    HEALTHY = "healthy"
    NOT_HEALTHY = "not healthy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class State:
    """The health of one object, in a word and in a sentence."""

    health: Health
    text: str


def health_of(live: Mapping[str, Any]) -> State | None:
    """The health of a live object; None for kinds that cannot be ill (a ConfigMap, a Role)."""
    status = live.get("status") or {}
    rule = _RULES.get((str(live["apiVersion"]).rpartition("/")[0], str(live["kind"])))
    if rule is None:
        return None
    if not status:
        return State(Health.UNKNOWN, "no controller has reported on it")
    generation = int(live["metadata"].get("generation", 0))
    observed = status.get("observedGeneration")
    if observed is None and live["kind"] in _OBSERVED:
        # The server itself fills in zeros, which look like a DaemonSet that no node matches.
        return State(Health.UNKNOWN, "no controller has reported on it")
    if observed is not None and int(observed) < generation:
        return State(Health.UNKNOWN, f"its controller has seen generation {observed} of {generation}")
    return rule(live, status)


def _deployment(live: Mapping[str, Any], status: Mapping[str, Any]) -> State:
    wanted = int(live["spec"].get("replicas", 1))
    for condition in status.get("conditions") or ():
        if condition.get("reason") == "ProgressDeadlineExceeded":
            return State(Health.NOT_HEALTHY, str(condition.get("message")))
    return _counted(wanted, [int(status.get(k, 0)) for k in ("updatedReplicas", "availableReplicas")])


def _daemon_set(_: Mapping[str, Any], status: Mapping[str, Any]) -> State:
    wanted = int(status.get("desiredNumberScheduled", 0))
    if wanted == 0:
        return State(Health.HEALTHY, "0 of 0: no node matches it")
    return _counted(wanted, [int(status.get(k, 0)) for k in ("updatedNumberScheduled", "numberAvailable")])


def _stateful_set(live: Mapping[str, Any], status: Mapping[str, Any]) -> State:
    wanted = int(live["spec"].get("replicas", 1))
    return _counted(wanted, [int(status.get(k, 0)) for k in ("updatedReplicas", "readyReplicas")])


def _job(_: Mapping[str, Any], status: Mapping[str, Any]) -> State:
    conditions = {c["type"]: c for c in status.get("conditions") or () if c.get("status") == "True"}
    if failed := conditions.get("Failed"):
        return State(Health.NOT_HEALTHY, f"failed: {failed.get('message', '')}")
    if "Complete" in conditions:
        return State(Health.HEALTHY, "complete")
    return State(Health.NOT_HEALTHY, f"{status.get('active', 0)} running, not complete")


def _cluster_policy(live: Mapping[str, Any], status: Mapping[str, Any]) -> State:
    """`state: ready` with no GPU node in sight says that there was nothing to do, not that GPUs work."""
    state = str(status.get("state", "not said"))
    for condition in status.get("conditions") or ():
        if condition.get("reason") in _HARMLESS_ONLY and condition.get("status") == "True":
            said = f"{condition['reason']}: {condition.get('message', '')}".rstrip(": ")
            return State(Health.NOT_HEALTHY, f"state {state}, but {said}")
    return _by_state(live, status)


def _by_state(_: Mapping[str, Any], status: Mapping[str, Any]) -> State:
    """Operators of NVIDIA sum up in one word; why it is not `ready` stands in a condition, where anywhere."""
    state = str(status.get("state", "not said"))
    if state == "ready":
        return State(Health.HEALTHY, "state ready")
    said = [str(c.get("message") or c.get("reason") or "") for c in status.get("conditions") or ()
            if (c.get("type"), c.get("status")) in {("Ready", "False"), ("Error", "True")}]  # fmt: skip
    said += [f"{each.get('name')} is {each['state']}" for each in status.get("appliedStates") or ()
             if each.get("state") in {"notReady", "error"}]  # fmt: skip
    why = "; ".join(dict.fromkeys(filter(None, said)))
    return State(Health.NOT_HEALTHY, f"state {state}" + (f": {why}" if why else ""))


def _subscription(live: Mapping[str, Any], status: Mapping[str, Any]) -> State:
    """By itself it says only what is installed; whether that works is asked of the installed version, by the gate."""
    complaint = complaint_of(live)
    return State(Health.NOT_HEALTHY, complaint) if complaint else State(Health.HEALTHY, str(status["installedCSV"]))


def _feature_discovery(_: Mapping[str, Any], status: Mapping[str, Any]) -> State:
    conditions = {c["type"]: c for c in status.get("conditions") or ()}
    available = conditions.get("Available")
    if available is None:
        return State(Health.UNKNOWN, "its operator has not said whether it is available")
    said = next((c for kind, c in conditions.items() if kind == "Degraded" and c.get("status") == "True"), available)
    good = said is available and available.get("status") == "True"
    text = str(said.get("message") or said.get("reason") or "")
    return State(Health.HEALTHY if good else Health.NOT_HEALTHY, text or "available")


def _counted(wanted: int, counts: list[int]) -> State:
    least = min(counts)
    return State(Health.HEALTHY if least >= wanted else Health.NOT_HEALTHY, f"{least} of {wanted}")


_Rule = Callable[[Mapping[str, Any], Mapping[str, Any]], State]
_RULES: dict[tuple[str, str], _Rule] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    ("nvidia.com", "ClusterPolicy"): _cluster_policy,
    ("nvidia.com", "NVIDIADriver"): _by_state,
    ("nvidia.com", "GPUCluster"): _by_state,
    ("mellanox.com", "NicClusterPolicy"): _by_state,
    ("mellanox.com", "NicNodePolicy"): _by_state,
    ("mellanox.com", "HostDeviceNetwork"): _by_state,
    ("mellanox.com", "IPoIBNetwork"): _by_state,
    ("mellanox.com", "MacvlanNetwork"): _by_state,
    ("nfd.openshift.io", "NodeFeatureDiscovery"): _feature_discovery,
    ("operators.coreos.com", "Subscription"): _subscription,
}


_BUILT_IN = frozenset({"apps", "batch"})


def is_operators(identity: ObjectId) -> bool:
    """Whether an object is one of those whose operator says in its status what came of it."""
    return (identity.group, identity.kind) in _RULES and identity.group not in _BUILT_IN


def wait_healthy(
    connection: Connection, discovery: Discovery, objects: Iterable[Object], timeout: float
) -> list[Diagnostic]:
    """Wait until everything that can be ill is healthy; what is not after `timeout` seconds is said.

    Raises:
        ApiError: the server is gone.
    """
    end = time.monotonic() + timeout
    waiting = {o.id: o for o in objects if (o.id.group, o.id.kind) in _RULES}
    while True:
        states = {identity: _look(connection, discovery, obj) for identity, obj in waiting.items()}
        waiting = {i: o for i, o in waiting.items() if states[i].health is not Health.HEALTHY}
        if not waiting or time.monotonic() + _PAUSE > end:
            return [_unhealthy(identity, states[identity], timeout) for identity in waiting]
        time.sleep(_PAUSE)


def _look(connection: Connection, discovery: Discovery, obj: Object) -> State:
    resource = discovery.find(obj.api_version, obj.id.kind)
    if resource is None:
        return State(Health.NOT_HEALTHY, "its kind is not served")
    try:
        live = connection.get(resource.path(obj.id.namespace, obj.id.name))
    except ApiError as error:
        if error.missing:
            return State(Health.NOT_HEALTHY, "it is not there")
        if error.forbidden:
            return State(Health.UNKNOWN, error.message)
        raise
    return health_of(live) or State(Health.HEALTHY, "")


def _unhealthy(identity: ObjectId, state: State, timeout: float) -> Diagnostic:
    if state.health is Health.UNKNOWN:
        return findings.plain(codes.HEALTH_UNKNOWN, identity, f"{identity}: health unknown: {state.text}")
    text = f"{identity} is not healthy after {timeout:g} s: {state.text}"
    return findings.plain(codes.NOT_HEALTHY, identity, text)


def simulated_nodes(connection: Connection) -> Diagnostic | None:
    """A note that the nodes of this cluster are made up, if any of them is."""
    try:
        nodes = connection.list("/api/v1/nodes")
    except ApiError as error:
        if error.forbidden:
            return None
        raise
    count = sum((n["metadata"].get("annotations") or {}).get(SIMULATED) == "true" for n in nodes)
    if not count:
        return None
    return Diagnostic(codes.SIMULATED, f"{count} of {len(nodes)} nodes are simulated: nothing here proves health")
