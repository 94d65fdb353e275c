"""Workloads as an engine of queues sees them: the object first, then the pods that its controller would make of it."""

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
    """A workload as it is there now: its objects, or why they are not; and what its queue decided about it."""

    workload: Workload
    roots: tuple[Json, ...] | Refusal
    decision: QueueDecision | None = None


def without_pods(workload: Workload) -> Workload:
    """The workload before its controller has made pods of it."""
    return replace(workload, run=(), stood_in=False) if workload.stood_in else workload


def with_pods(
    workload: Workload, live: Json, decision: QueueDecision | None, create: Create, timeout: float
) -> Submitted:
    """Make the pods that stand for those of a controller: of the object as it is there, with what its queue adds."""
    tolerations = decision.tolerations if decision else ()
    pods = tuple(pods_owned_by(dict(live), workload.object.component, tolerations))
    standing = replace(workload, run=pods)
    results = create([standing], [], timeout)
    made = [results[id(pod)] for pod in pods]
    refused = next((each for each in made if isinstance(each, Refusal)), None)
    return Submitted(standing, refused or tuple(each for each in made if not isinstance(each, Refusal)), decision)


def roots_of(workload: Workload, there: Mapping[int, Json | Refusal]) -> tuple[Json, ...] | Refusal:
    """What the queue looks at: the workload, or the Job in place of a CronJob."""
    several = (workload.object,) if workload.stood_in else (workload.object, *workload.followed)
    found: list[Json] = []
    for obj in several:
        if isinstance(answer := there[id(obj)], Refusal):
            return answer
        found.append(answer)
    return tuple(found if workload.stood_in else found[1:])
