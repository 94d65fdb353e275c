"""`spec.queueing`: the engine that queues workloads for the GPUs, and its policies."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from blueprint.spec.base import Model
from blueprint.spec.forms import LabelKey, Name, form, to_tuple

GO_DURATION = form(r"([0-9]+(h|m|s))+", "a duration: 30s, 45m, 1h30m")
WINDOW = form(r"[1-9][0-9]{0,3}(w|d|h|m)", "a number of weeks, days, hours or minutes: 1w, 3d, 12h, 90m")
PROMETHEUS = form(
    r"https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._/-]*)?",
    "where Prometheus answers queries: http://prometheus.monitoring.svc:9090",
)

Detail = Annotated[str, Field(min_length=1, max_length=32768)]
Parameter = Annotated[str, Field(max_length=255)]
Priority = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]


class KueuePreemption(Model):
    """Which admitted workloads Kueue preempts in favour of others."""

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


class ProvisioningSpec(Model):
    """An admission check: workloads with quota start only once an autoscaler reports that there are nodes for them."""

    provisioning_class: Literal["checkCapacity", "atomicScaleUp", "queuedProvisioning"] = Field(
        alias="class",
        description="How the autoscaler answers. checkCapacity: a Cluster Autoscaler looks for room on the nodes that "
        "are there; atomicScaleUp: it adds nodes for all pods of the workload; queuedProvisioning: GKE does, when it "
        "has all of them.",
    )
    pools: Annotated[tuple[Name, ...], BeforeValidator(to_tuple), Field(min_length=1)] = Field(
        examples=[["train"]], description="The pools whose nodes are requested."
    )
    parameters: Annotated[dict[str, Parameter], Field(max_length=100)] = Field(
        examples=[{"ValidUntilSeconds": "3600"}],
        default={},
        description="Parameters of each request. Workloads add their own by annotations that begin with "
        "provreq.kueue.x-k8s.io/.",
    )
    retries: Annotated[int, Field(ge=0, le=1000)] = Field(
        examples=[5],
        default=3,
        description="How often Kueue retries after a refusal before it deactivates the workload.",
    )
    retry_base_seconds: Annotated[int, Field(ge=0, le=86400)] = Field(
        examples=[30],
        default=60,
        description="How long it waits the first time; each further time it waits twice as long.",
    )
    retry_max_seconds: Annotated[int, Field(ge=0, le=604800)] = Field(
        examples=[3600], default=1800, description="How long it waits at most."
    )
    merge: Literal["identicalTemplates", "identicalRequirements"] | None = Field(
        default=None,
        description="Which sets of pods of a workload are one set of the request: those whose templates are the same, "
        "or those that request the same of nodes. Default: none, and identicalRequirements for queuedProvisioning, "
        "which takes one set.",
    )
    node_labels: Annotated[dict[LabelKey, Detail], Field(max_length=8)] = Field(
        examples=[{"acme.example/request": "RequestKey"}],
        default={},
        description="Labels of the nodes that are made for a request, each by the detail of its answer that has the "
        "value: pods go to these nodes alone. queuedProvisioning has its own.",
    )


class KueueSpec(Model):
    """Kueue admits a workload when its tenant's quota is sufficient for all of its pods."""

    ELSEWHERE: ClassVar[dict[str, str]] = dict.fromkeys(
        ("multiKueue", "multikueue", "workerClusters", "clusters"),
        "a blueprint is one cluster, and MultiKueue, which sends workloads to others, is not rendered: write one "
        "blueprint for each cluster, and apply the MultiKueueConfig and its clusters beside them",
    ) | {"admissionChecks": "the checks that are rendered are those of autoscalers: provisioningRequests"}

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
    provisioning_requests: dict[Name, ProvisioningSpec] = Field(
        examples=[{"scale-up": {"class": "atomicScaleUp", "pools": ["train"]}}],
        default={},
        description="Admission checks by name: workloads of their pools start when an autoscaler has answered a "
        "ProvisioningRequest. For Cluster Autoscaler and GKE; Karpenter does not support such requests.",
    )


class KaiFairShare(Model):
    """How much past usage of tenants reduces what they get beyond their quota."""

    prometheus: Annotated[str, Field(pattern=PROMETHEUS)] = Field(
        examples=["http://prometheus-operated.monitoring.svc:9090"],
        description="The Prometheus that stores the usage of every queue.",
    )
    window: Annotated[str, Field(pattern=WINDOW)] = Field(
        examples=["2w"], default="1w", description="How far back use counts."
    )
    window_type: Literal["sliding", "tumbling"] = Field(
        default="sliding",
        description="How the window moves. sliding: it ends now; tumbling: one window follows the other, and each "
        "counts anew.",
    )
    half_life: Annotated[str, Field(pattern=GO_DURATION)] | None = Field(
        examples=["24h"],
        default=None,
        description="The time after which past use counts half. Default: all use in the window counts the same.",
    )
    weight: Annotated[float, Field(gt=0, le=100)] = Field(
        examples=[0.5], default=1.0, description="How strongly past use lowers the share; KAI's kValue."
    )


class KaiMinRuntime(Model):
    """The minimum time that workloads run before they can be preempted."""

    preempt: Annotated[str, Field(pattern=GO_DURATION)] | None = Field(
        examples=["10m"],
        default=None,
        description="Before one of the same tenant with a higher priority preempts it. Default: not protected.",
    )
    reclaim: Annotated[str, Field(pattern=GO_DURATION)] | None = Field(
        examples=["30m"],
        default=None,
        description="Before a tenant that needs its quota back preempts it. Default: not protected.",
    )


class KaiSpec(Model):
    """KAI schedules pod groups according to the quotas and fair shares of tenants."""

    placement: Literal["binpack", "spread"] = Field(
        default="binpack",
        description="binpack fills nodes and GPUs one after the other and leaves whole nodes free; spread uses as many "
        "as there are.",
    )
    gpu_sharing: bool = Field(
        default=False,
        description="Whether pods may request a part of a GPU by the annotations gpu-fraction and gpu-memory. Memory "
        "is counted, not isolated.",
    )
    time_based_fair_share: KaiFairShare | None = Field(
        examples=[{"prometheus": "http://prometheus-operated.monitoring.svc:9090", "halfLife": "24h"}],
        default=None,
        description="Let past use lower what a tenant gets beyond its quota; leave out to consider only the present.",
    )
    min_runtime: KaiMinRuntime = Field(
        examples=[{"preempt": "10m", "reclaim": "30m"}],
        default={},
        validate_default=True,
        description="The minimum time that workloads run before they can be preempted.",
    )


class QueueingSpec(Model):
    """The engines that queue workloads: those whose keys are present."""

    kueue: KueueSpec | None = Field(
        examples=[{"podsReadyTimeout": "45m"}, {}],
        default=None,
        description="Kueue; `{}` takes every default.",
    )
    kai: KaiSpec | None = Field(
        examples=[{"placement": "binpack"}, {}],
        default=None,
        description="The KAI scheduler; `{}` takes every default. With both engines, each pool with GPUs says whose it "
        "is with `queue`.",
    )
    priorities: dict[Name, Priority] = Field(
        examples=[{"production": 1000, "research": 500, "scratch": 0}],
        default={},
        description="Priorities of workloads by name; a higher number goes first. Users name one with the label "
        "kueue.x-k8s.io/priority-class for Kueue, or as priorityClassName for both; KAI never stops workloads of 100 "
        "and more and keeps them within the quota.",
    )
