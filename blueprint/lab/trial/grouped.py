"""A trial with a real gang scheduler: what it schedules, and what waits for quota or for room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Object
from blueprint.lab.schedulers.scheduler import RunningScheduler
from blueprint.lab.trial.decisions import QueueDecision
from blueprint.lab.trial.follow import owned_pods
from blueprint.lab.trial.model import Omission, Workload
from blueprint.lab.trial.owned import Create, Submitted, roots_of, with_pods, without_pods
from blueprint.lab.trial.requests import requests_of
from blueprint.lab.trial.stand_ins import templates_of
from blueprint.lab.trial.submit import Refusal
from blueprint.records import replace
from blueprint.wording import joined

STILL = 3.0
"""Seconds without any change after which pending pods count as final: it preempts, and retries, once a second."""
Json = Mapping[str, Any]
_Key = tuple[str, str]


class Groups:
    """The scheduler's pod groups, in a lab in which it runs."""

    def __init__(self, scheduler: RunningScheduler, connection: Connection) -> None:
        self._scheduler = scheduler
        self._programs = scheduler.programs
        self._connection = connection

    @property
    def title(self) -> str:
        """The scheduler's name."""
        return self._programs.title

    def left_out(self) -> Iterator[Omission]:
        """The parts of it that do not run here, and what others install."""
        if parts := self._scheduler.left_out:
            yield Omission(f"{joined(list(parts))} of {self.title}", "no decision needs it")
        if name := self._scheduler.runtime_class:
            yield Omission(f"RuntimeClass {name}", "installed by other means; the lab created it")

    def has(self, workload: Workload) -> bool:
        """Whether the pods of a workload select this scheduler."""
        return any(each.spec.get("schedulerName") == self._programs.scheduler for each in templates_of(workload.object))

    def submitted(
        self, workloads: Sequence[Workload], objects: Sequence[Object], create: Create, timeout: float
    ) -> tuple[list[Submitted], Mapping[int, Json | Refusal]]:
        """Create workloads and their accompanying objects, then pods that replace those of a controller.

        The scheduler groups pods by their owner; pods of other schedulers are not grouped. Raises ApiError.
        """
        grouped = [each.stood_in and self.has(each) for each in workloads]
        first = [without_pods(each) if later else each for each, later in zip(workloads, grouped, strict=True)]
        there = create(first, objects, timeout)
        found: list[Submitted] = []
        for workload, later in zip(workloads, grouped, strict=True):
            roots = roots_of(workload if later else replace(workload, stood_in=False), there)
            if later and not isinstance(roots, Refusal):
                found.append(with_pods(workload, roots[0], None, create, timeout))
            else:
                found.append(Submitted(workload, roots))
        return found, there

    def decision(self, roots: Sequence[Json]) -> QueueDecision | None:
        """The current decision about the pods of objects; None if none are its own, or if quota decides nothing.

        Raises ApiError. Raises Refused (2) if one of its programs has ended.
        """
        self._scheduler.check()
        pods, _ = owned_pods(roots, self._connection)
        every = (pod for several in pods.values() for pod in several)
        mine = [pod for pod in every if pod["spec"].get("schedulerName") == self._programs.scheduler]
        groups = {_key(each): each for each in self._connection.list(self._programs.groups_of_pods)}
        placed = [pod for pod in mine if pod["spec"].get("nodeName")]
        waiting = {key: text for key, text in self._waiting(mine, groups) if text}
        if not placed and not waiting:
            return None
        got: dict[_Key, Fraction] = {}
        for pod in placed:
            queue = str((groups.get(self._group(pod)) or {}).get("spec", {}).get("queue", ""))
            for name, amount in requests_of(pod["spec"]).items():
                if "/" in name:
                    got[queue, name] = got.get((queue, name), Fraction(0)) + amount
        return QueueDecision(len({*map(self._group, placed)}), tuple(waiting.values()), got)

    def _waiting(self, pods: Sequence[Json], groups: Mapping[_Key, Json]) -> Iterator[tuple[_Key, str]]:
        """Groups with pending pods, each with the message about quota; empty if the reason is lack of room."""
        for pod in pods:
            if not pod["spec"].get("nodeName"):
                key = self._group(pod)
                yield key, self._over_quota(groups.get(key) or {}) or self._reason_of(pod)

    def _over_quota(self, group: Json) -> str:
        conditions = (group.get("status") or {}).get("schedulingConditions") or ()
        reasons = [each for one in conditions for each in one.get("reasons") or ()]
        return next((str(each["message"]) for each in reasons if each["reason"] in self._programs.over_quota), "")

    def _reason_of(self, pod: Json) -> str:
        """The message of the pod itself: the group has it only while none of its pods is scheduled."""
        conditions = (pod.get("status") or {}).get("conditions") or ()
        texts = [str(each.get("message", "")) for each in conditions if each["type"] == "PodScheduled"]
        return next((text for text in texts if any(reason in text for reason in self._programs.over_quota)), "")

    def _group(self, pod: Json) -> _Key:
        annotations = pod["metadata"].get("annotations") or {}
        return pod["metadata"]["namespace"], str(annotations.get(self._programs.group_of_pod, pod["metadata"]["name"]))


def _key(obj: Json) -> _Key:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]
