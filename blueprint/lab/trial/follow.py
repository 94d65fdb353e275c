"""Follows workloads: which pods exist, and what the scheduler decided about each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Object
from blueprint.records import Record

NEXT_TRY = 1.5
"""Seconds without any change after which pending pods count as final: the scheduler retries after one second."""
_PAUSE = 0.15
_DECIDED = frozenset({"Unschedulable", "SchedulerError", "SchedulingGated"})
_NOT_MADE = frozenset({"FailedCreate", "ReplicaSetCreateError"})
_REPLICATED = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"})
_FOLLOWED = _REPLICATED | {"Pod", "Job", "DaemonSet"}
"""Kinds for which the controllers of a lab create pods."""
Json = Mapping[str, Any]


def is_followed(obj: Object) -> bool:
    """Whether a lab has a controller that creates pods for it, or it is a pod itself."""
    return obj.id.kind in _FOLLOWED and obj.id.group in ("", "apps", "batch")


class Seen(Record):
    """The pods of one workload at one point in time.

    Attributes:
        wanted: The desired number of pods; None if it is not known (yet).
        pods: The pods.
        refusal: Why its controller cannot create more.
        left_alone: Whether nothing that runs in a lab creates pods for it.
        unclaimed: Why a pod has no claim, by its uid: the scheduler does not even consider it.
    """

    wanted: int | None
    pods: tuple[Json, ...]
    refusal: str = ""
    left_alone: bool = False
    unclaimed: Mapping[str, str] = MappingProxyType({})

    @property
    def pending(self) -> tuple[Json, ...]:
        """Pods that the scheduler has found to be unschedulable."""
        return tuple(pod for pod in self.pods if self.spoken(pod))

    def spoken(self, pod: Json) -> str:
        """The message about a pod that is not scheduled."""
        return str((verdict(pod) or {}).get("message") or "") or self.unclaimed.get(pod["metadata"]["uid"], "")

    @property
    def complete(self) -> bool:
        """Whether all desired pods are scheduled and, as far as simulated, running."""
        at_work = all(_has_node(pod) and pod["status"].get("phase") != "Pending" for pod in self.pods)
        return self.wanted is not None and len(self.pods) >= self.wanted and at_work

    @property
    def settled(self) -> bool:
        """Whether all existing pods are decided, and there is a reason why there are no more."""
        decided = all(_has_node(pod) or self.spoken(pod) for pod in self.pods)
        enough = self.wanted is not None and len(self.pods) >= self.wanted
        return decided and (enough or self.left_alone or bool(self.pending) or bool(self.refusal))


def combined(every: Sequence[Seen]) -> Seen:
    """The combined state of several objects that form one workload."""
    if len(every) == 1:
        return every[0]
    numbers = [each.wanted for each in every]
    return Seen(
        wanted=None if None in numbers else sum(each or 0 for each in numbers),
        pods=tuple(pod for each in every for pod in each.pods),
        refusal=next((each.refusal for each in every if each.refusal), ""),
        left_alone=any(each.left_alone for each in every),
        unclaimed={uid: text for each in every for uid, text in each.unclaimed.items()},
    )


def verdict(pod: Json) -> Json | None:
    """The condition in which the scheduler reports that a pod cannot be scheduled."""
    if _has_node(pod):
        return None
    for condition in pod["status"].get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False" and condition["reason"] in _DECIDED:
            return dict(condition)
    return None


def follow(roots: Sequence[Json], connection: Connection, timeout: float, *, still: float = NEXT_TRY) -> list[Seen]:
    """The pods of each workload, once nothing has changed for `still` seconds or the time is up.

    Raises ApiError.
    """
    end = time.monotonic() + timeout
    last: Any = None
    since = time.monotonic()
    while True:
        seen = _look(roots, connection)
        state = [_state(each) for each in seen]
        now = time.monotonic()
        if state != last:
            last, since = state, now
        quiet = now - since >= still
        if all(each.complete for each in seen) or (quiet and all(each.settled for each in seen)) or now > end:
            return seen
        time.sleep(_PAUSE)


def _state(seen: Seen) -> tuple[Any, ...]:
    pods = ((pod["metadata"]["uid"], pod["spec"].get("nodeName"), pod["status"].get("phase")) for pod in seen.pods)
    messages = map(seen.spoken, seen.pods)
    return (seen.wanted, seen.refusal, *sorted(pods), *sorted(messages))


def _look(roots: Sequence[Json], connection: Connection) -> list[Seen]:
    found, chains = owned_pods(roots, connection)
    return [_seen(root, found[root["metadata"]["uid"]], chains[root["metadata"]["uid"]], connection) for root in roots]


def owned_pods(roots: Sequence[Json], connection: Connection) -> tuple[dict[str, list[Json]], dict[str, set[str]]]:
    """The pods of each root, and the uids of all intermediate objects, both by the root's uid. Raises ApiError."""
    pods = connection.list("/api/v1/pods")
    owners = {pod["metadata"]["uid"]: _controller(pod) for pod in pods}
    for kind in ("/apis/apps/v1/replicasets", "/apis/batch/v1/jobs"):
        owners |= {each["metadata"]["uid"]: _controller(each) for each in connection.list(kind)}
    found: dict[str, list[Json]] = {root["metadata"]["uid"]: [] for root in roots}
    chains: dict[str, set[str]] = {uid: {uid} for uid in found}
    for pod in pods:
        chain = _chain(pod["metadata"]["uid"], owners)
        for uid in found.keys() & set(chain):
            found[uid].append(pod)
            chains[uid].update(chain)
    for uid, owner in owners.items():  # a ReplicaSet that has not been able to create a pod yet
        if owner in chains:
            chains[owner].add(uid)
    return found, chains


def _seen(root: Json, pods: list[Json], chain: Iterable[str], connection: Connection) -> Seen:
    wanted = _wanted(root, connection)
    enough = wanted is not None and len(pods) >= wanted
    refused = {} if enough else _events(root, frozenset(chain), _NOT_MADE, connection)
    refusal = next(iter(refused.values()), "")
    waiting = {pod["metadata"]["uid"] for pod in pods if pod["spec"].get("resourceClaims") and not _has_node(pod)}
    unclaimed = _events(root, waiting, frozenset({"FailedResourceClaimCreation"}), connection) if waiting else {}
    return Seen(wanted, tuple(pods), refusal, root["kind"] not in _FOLLOWED, unclaimed)


def _chain(uid: str | None, owners: Mapping[str, str | None]) -> list[str]:
    chain: list[str] = []
    while uid and uid not in chain:
        chain.append(uid)
        uid = owners.get(uid)
    return chain


def _controller(data: Json) -> str | None:
    owners = data["metadata"].get("ownerReferences") or ()
    return next((str(each["uid"]) for each in owners if each.get("controller")), None)


def _has_node(pod: Json) -> bool:
    return bool(pod["spec"].get("nodeName"))


def _wanted(root: Json, connection: Connection) -> int | None:
    """The desired number of simultaneous pods of a workload."""
    kind, spec = root["kind"], root.get("spec") or {}
    if kind == "Pod":
        return 1
    if kind == "Job":
        most = int(spec.get("parallelism", 1))
        return 0 if spec.get("suspend") else min(most, int(spec.get("completions") or most))
    if kind == "DaemonSet":
        namespace, name = root["metadata"]["namespace"], root["metadata"]["name"]
        status = connection.get(f"/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}").get("status") or {}
        return int(status["desiredNumberScheduled"]) if status.get("observedGeneration") else None
    if kind in _REPLICATED:
        return int(spec.get("replicas", 1))
    return None


def _events(root: Json, uids: AbstractSet[str], reasons: AbstractSet[str], connection: Connection) -> dict[str, str]:
    """The messages of events with certain reasons about these objects."""
    events = connection.list(f"/api/v1/namespaces/{root['metadata'].get('namespace')}/events")
    about = ((str(each["involvedObject"].get("uid")), each) for each in events if each.get("reason") in reasons)
    return {uid: str(each.get("message", "")) for uid, each in about if uid in uids}
