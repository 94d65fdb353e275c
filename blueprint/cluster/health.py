"""Whether a live object works, as far as its own status says: healthy, not healthy, or unknown.

The absence of an error does not mean health: an object that no controller has observed is unknown.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Discovery
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Object, ObjectId
from blueprint.catalog.kinds import Completion, ConditionState, Readiness, Replicas
from blueprint.catalog.kinds import FieldState as StateField
from blueprint.cluster import codes, findings
from blueprint.cluster.olm import complaint_of
from blueprint.diagnostics import Diagnostic
from blueprint.kubernetes.kinds import find_kind, is_own_group
from blueprint.records import Record

SIMULATED = "gpublueprint.dev/simulated"
"""Annotation of nodes that a lab created: nothing that runs on them proves anything about hardware."""

_PAUSE = 0.5


class Health(enum.StrEnum):
    """The health of an object, derived from its status."""

    HEALTHY = "healthy"
    NOT_HEALTHY = "not healthy"
    UNKNOWN = "unknown"


class HealthState(Record):
    """The health of one object, with an explanation."""

    health: Health
    text: str


def health_of(live: Mapping[str, Any], release: str = "") -> HealthState | None:
    """The health of a live object, determined by the rules for its kind in a release.

    None for kinds without health (a ConfigMap, a Role).
    """
    ready = find_kind(str(live["apiVersion"]).rpartition("/")[0], str(live["kind"]), release).ready
    return _judge(ready, live) if ready else None


def _judge(ready: Readiness, live: Mapping[str, Any]) -> HealthState:
    status = live.get("status") or {}
    if not status:
        return HealthState(Health.UNKNOWN, "no controller has reported its state")
    generation = int(live["metadata"].get("generation", 0))
    observed = status.get("observedGeneration")
    if observed is None and ready.always_observed:
        # The server itself sets zeros, which look like a DaemonSet that matches no node.
        return HealthState(Health.UNKNOWN, "no controller has reported its state")
    if observed is not None and int(observed) < generation:
        return HealthState(
            Health.UNKNOWN, f"its controller has observed generation {observed}, the current one is {generation}"
        )
    if ready.replicas:
        return _by_replicas(ready.replicas, live)
    if ready.state:
        return _by_state(ready.state, live)
    if ready.condition:
        return _by_condition(ready.condition, live)
    return _by_completion(ready.completion, live) if ready.completion else _by_subscription(live)


def value_at(live: Mapping[str, Any], field: str) -> Any:
    """The value at a dotted path; None if there is none."""
    found: Any = live
    for step in field.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def conditions_of(live: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The conditions in an object's status."""
    return list((live.get("status") or {}).get("conditions") or ())


def _by_replicas(how: Replicas, live: Mapping[str, Any]) -> HealthState:
    for condition in conditions_of(live):
        if condition.get("reason") in how.failed:
            return HealthState(Health.NOT_HEALTHY, str(condition.get("message")))
    declared = value_at(live, how.wanted)
    wanted = how.default if declared is None else int(declared)
    if wanted == 0 and how.none:
        return HealthState(Health.HEALTHY, f"0 of 0: {how.none}")
    least = min(int(value_at(live, field) or 0) for field in how.have)
    return HealthState(Health.HEALTHY if least >= wanted else Health.NOT_HEALTHY, f"{least} of {wanted}")


def _by_state(how: StateField, live: Mapping[str, Any]) -> HealthState:
    """Operators report a single state; a condition, if there is one, explains why it is not the expected one."""
    name, value = how.field.rpartition(".")[2], str(value_at(live, how.field) or "not set")
    conditions = conditions_of(live)
    for condition in conditions:
        if condition.get("reason") in how.hollow and condition.get("status") == "True":
            reason = f"{condition['reason']}: {condition.get('message', '')}".rstrip(": ")
            return HealthState(Health.NOT_HEALTHY, f"{name} {value}, but {reason}")
    if value in how.values:
        return HealthState(Health.HEALTHY, f"{name} {value}")
    reasons = [str(c.get("message") or c.get("reason") or "") for c in conditions
               if (c.get("type"), c.get("status")) in {("Ready", "False"), ("Error", "True")}]  # fmt: skip
    reasons += [f"{each.get('name')} is {each['state']}" for each in live["status"].get("appliedStates") or ()
                if each.get("state") in {"notReady", "error"}]  # fmt: skip
    why = "; ".join(dict.fromkeys(filter(None, reasons)))
    return HealthState(Health.NOT_HEALTHY, f"{name} {value}" + (f": {why}" if why else ""))


def _by_condition(how: ConditionState, live: Mapping[str, Any]) -> HealthState:
    conditions = {str(c["type"]): c for c in conditions_of(live)}
    word = how.type.lower()
    wanted, degraded = conditions.get(how.type), conditions.get(how.degraded or "", {})
    if wanted is None:
        return HealthState(Health.UNKNOWN, f"its operator has not reported whether it is {word}")
    deciding = degraded if degraded.get("status") == "True" else wanted
    good = deciding is wanted and wanted.get("status") == "True"
    text = str(deciding.get("message") or deciding.get("reason") or "")
    return HealthState(Health.HEALTHY if good else Health.NOT_HEALTHY, text or word)


def _by_completion(how: Completion, live: Mapping[str, Any]) -> HealthState:
    conditions = {c["type"]: c for c in conditions_of(live) if c.get("status") == "True"}
    if failed := conditions.get(how.failed):
        return HealthState(Health.NOT_HEALTHY, f"failed: {failed.get('message', '')}")
    if how.complete in conditions:
        return HealthState(Health.HEALTHY, "complete")
    return HealthState(Health.NOT_HEALTHY, f"{value_at(live, how.running) or 0} running, not complete")


def _by_subscription(live: Mapping[str, Any]) -> HealthState:
    """A Subscription reports only what is installed. Whether it works is determined from the installed version, by the
    wait.
    """
    complaint = complaint_of(live)
    return (
        HealthState(Health.NOT_HEALTHY, complaint)
        if complaint
        else HealthState(Health.HEALTHY, live["status"]["installedCSV"])
    )


def is_operators(identity: ObjectId, release: str = "") -> bool:
    """Whether an operator reports the result in the object's status."""
    return not is_own_group(identity.group) and find_kind(identity.group, identity.kind, release).ready is not None


def wait_healthy(
    connection: Connection, discovery: Discovery, objects: Iterable[Object], timeout: float, release: str = ""
) -> list[Diagnostic]:
    """Wait until every object with a health state is healthy; report those that are not after `timeout` seconds.

    Health is determined by the rules for each kind in `release`.

    Raises:
        ApiError: the server is unavailable.
    """
    end = time.monotonic() + timeout
    waiting = {o.id: o for o in objects if find_kind(o.id.group, o.id.kind, release).ready}
    while True:
        states = {identity: _look(connection, discovery, obj, release) for identity, obj in waiting.items()}
        waiting = {i: o for i, o in waiting.items() if states[i].health is not Health.HEALTHY}
        if not waiting or time.monotonic() + _PAUSE > end:
            return [_unhealthy(identity, states[identity], timeout) for identity in waiting]
        time.sleep(_PAUSE)


def _look(connection: Connection, discovery: Discovery, obj: Object, release: str) -> HealthState:
    resource = discovery.find(obj.api_version, obj.id.kind)
    if resource is None:
        return HealthState(Health.NOT_HEALTHY, "its kind is not served")
    try:
        live = connection.get(resource.path(obj.id.namespace, obj.id.name))
    except ApiError as error:
        if error.missing:
            return HealthState(Health.NOT_HEALTHY, "it does not exist")
        if error.forbidden:
            return HealthState(Health.UNKNOWN, error.message)
        raise
    return health_of(live, release) or HealthState(Health.HEALTHY, "")


def _unhealthy(identity: ObjectId, state: HealthState, timeout: float) -> Diagnostic:
    if state.health is Health.UNKNOWN:
        return findings.plain(codes.HEALTH_UNKNOWN, identity, f"the health of {identity} is unknown: {state.text}")
    text = f"{identity} is not healthy after {timeout:g} s: {state.text}"
    return findings.plain(codes.NOT_HEALTHY, identity, text)


def simulated_nodes(connection: Connection) -> Diagnostic | None:
    """A note that nodes of this cluster are simulated, if any are."""
    try:
        nodes = connection.list("/api/v1/nodes")
    except ApiError as error:
        if error.forbidden:
            return None
        raise
    count = sum((n["metadata"].get("annotations") or {}).get(SIMULATED) == "true" for n in nodes)
    if not count:
        return None
    return Diagnostic(codes.SIMULATED, f"{count} of {len(nodes)} nodes are simulated, so this is no evidence of health")
