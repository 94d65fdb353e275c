"""`spec.queueing`: which engine queues workloads for the GPUs, and how it decides between them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprint.spec.base import Model
from blueprint.spec.forms import Name, form

GO_DURATION = form(r"([0-9]+(h|m|s))+", "a duration: 30s, 45m, 1h30m")

Priority = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]


class KueuePreemption(Model):
    """Which admitted workloads Kueue stops in favour of others."""

    within_tenant: Literal["never", "lowerPriority", "lowerOrNewerEqualPriority"] = Field(
        default="lowerPriority",
        description="Which workloads of the same tenant make room: none, those of lower priority, or also newer ones "
        "of the same priority.",
    )
    reclaim: Literal["never", "lowerPriority", "any"] = Field(
        default="any",
        description="Which workloads of other tenants make room when a tenant needs quota that it has lent: none, "
        "those of lower priority, or any.",
    )


class KueueSpec(Model):
    """Kueue: it admits a workload when the quota of its tenant suffices for all of its pods."""

    fair_sharing: bool = Field(
        default=True,
        description="Whether tenants that borrow get shares in proportion to their weights. Otherwise the first one in "
        "gets all.",
    )
    pods_ready_timeout: Annotated[str, Field(pattern=GO_DURATION)] = Field(
        examples=["45m"],
        default="30m",
        description="How long all pods of an admitted workload may take until they are ready. Afterwards it is stopped "
        "and queued again, which resolves deadlocks of workloads that wait for each other. Loading a large model "
        "counts.",
    )
    preemption: KueuePreemption = Field(
        examples=[{"withinTenant": "lowerPriority", "reclaim": "any"}],
        default={},
        validate_default=True,
        description="Which admitted workloads are stopped in favour of others.",
    )


class QueueingSpec(Model):
    """Which engines queue workloads: the ones whose keys are there."""

    NOT_YET: ClassVar[dict[str, str]] = {
        "kai": "KAI is not rendered yet: add its objects with spec.extraManifests",
    }

    kueue: KueueSpec | None = Field(
        examples=[{"podsReadyTimeout": "45m"}, {}],
        default=None,
        description="Kueue; `{}` takes every default.",
    )
    priorities: dict[Name, Priority] = Field(
        examples=[{"production": 1000, "research": 500, "scratch": 0}],
        default={},
        description="Priorities of workloads by name; a higher number goes first. Users name one with the label "
        "kueue.x-k8s.io/priority-class, or as priorityClassName of pods.",
    )
