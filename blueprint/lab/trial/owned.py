"""Workloads as seen by a queueing engine: first the object, then the pods that its controller would create."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blueprint.bundle.model import Object
from blueprint.lab.trial.decisions import QueueDecision
from blueprint.lab.trial.model import Workload
from blueprint.lab.trial.stand_ins import pods_owned_by
from blueprint.lab.trial.submit import Refusal
from blueprint.records import Record, replace

Json = Mapping[str, Any]
Create = Callable[[Sequence[Workload], Sequence[Object], float], Mapping[int, Json | Refusal]]


class Submitted(Record):
    """A submitted workload: its objects, or why they do not exist, and the decision of its queue."""

    workload: Workload
    roots: tuple[Json, ...] | Refusal
    decision: QueueDecision | None = None


def without_pods(workload: Workload) -> Workload:
    """The workload before its controller has created pods."""
    return replace(workload, run=(), stood_in=False) if workload.stood_in else workload


def with_pods(
    workload: Workload, live: Json, decision: QueueDecision | None, create: Create, timeout: float
) -> Submitted:
    """Create the pods that replace those of a controller, owned by the existing object, with what its queue adds."""
    tolerations = decision.tolerations if decision else ()
    pods = tuple(pods_owned_by(dict(live), workload.object.component, tolerations))
    standing = replace(workload, run=pods)
    results = create([standing], [], timeout)
    made = [results[id(pod)] for pod in pods]
    refused = next((each for each in made if isinstance(each, Refusal)), None)
    return Submitted(standing, refused or tuple(each for each in made if not isinstance(each, Refusal)), decision)


def roots_of(workload: Workload, there: Mapping[int, Json | Refusal]) -> tuple[Json, ...] | Refusal:
    """The objects that the queue manages: the workload, or the Job in place of a CronJob."""
    several = (workload.object,) if workload.stood_in else (workload.object, *workload.followed)
    found: list[Json] = []
    for obj in several:
        if isinstance(answer := there[id(obj)], Refusal):
            return answer
        found.append(answer)
    return tuple(found if workload.stood_in else found[1:])
