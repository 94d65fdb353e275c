"""Diagnostic codes of queueing: quotas, and the hardware for them."""

from blueprint.diagnostics import Severity, define

QUOTA_WITHOUT_ENGINE = define(
    "BP3410",
    "quota-without-queueing",
    """
Quotas are enforced by a queueing engine, and the blueprint has none. Add `queueing: {kueue: {}}`, or remove the quotas.
""",
)
QUOTA_NOT_OFFERED = define(
    "BP3413",
    "quota-not-offered",
    """
The quota counts something that nodes of the pool do not offer: a MIG profile that none of its GPUs is partitioned into, whole GPUs where all are
partitioned, or GPUs of a pool without any. Kueue would never admit such a workload.
""",
)
BORROW_WITHOUT_GROUP = define(
    "BP3416",
    "borrow-without-group",
    """
Tenants borrow from and lend to the other members of their group. This tenant belongs to no group: set `parent`. Kueue
refuses a queue with a borrowing or lending limit and without a cohort.
""",
)
LEND_ABOVE_GUARANTEED = define(
    "BP3417",
    "lend-above-guaranteed",
    """
A tenant can lend no more than what is guaranteed to it. Kueue refuses a queue whose lending limit is above its quota.
""",
)
QUOTA_BEYOND_HARDWARE = define(
    "BP3421",
    "quota-beyond-hardware",
    """
The sum of all guaranteed quotas is more than the pool has, even at its maximum size. Kueue would admit workloads whose
pods never find a node, stop them after `podsReadyTimeout`, and admit them again. A shared GPU counts once per replica,
and each MIG instance counts separately.
""",
)
QUOTA_NEEDS_NODES = define(
    "BP3422",
    "quota-needs-nodes",
    """
The guaranteed quotas exceed the capacity of the pool at its minimum size, but not at its maximum size. An autoscaler
must add nodes before all tenants get their guaranteed quota.
""",
    severity=Severity.NOTE,
)
WEIGHT_WITHOUT_FAIR_SHARING = define(
    "BP3423",
    "weight-without-fair-sharing",
    """
Weights decide how borrowed quota is shared, but `queueing.kueue.fairSharing` is off: the first tenant to borrow gets
everything. Enable it, or remove the weight.
""",
    severity=Severity.WARNING,
)
NO_QUOTA = define(
    "BP3424",
    "queueing-without-quota",
    """
Kueue is installed, but no tenant with namespaces has a quota, so no workload can be admitted. Give a tenant `quota`.
""",
    severity=Severity.WARNING,
)
QUOTA_OF_UNKNOWN_POOL = define(
    "BP3425",
    "quota-of-unknown-pool",
    """
The quota names a node pool that `nodePools` does not have.
""",
)
NODE_RESOURCE_MISSING = define(
    "BP3426",
    "node-resource-missing",
    """
The tenant's quota counts processors or memory for one pool and not for another. Kueue then counts them everywhere, and
workloads on the other pool have no quota for them. Give an amount for each pool, or for none.
""",
)
AMOUNT_FORM = define(
    "BP3427",
    "quota-amount-form",
    """
GPUs, MIG instances and processors are whole numbers; memory is a quantity with a unit, `4Ti`.
""",
)
CAPACITY_UNKNOWN = define(
    "BP3430",
    "capacity-unknown",
    """
The quota of processors or memory could not be compared with the hardware: the pool does not declare how much its
machines have. Set `machine.cpu` and `machine.memory`, or an instance type that the catalogue knows.
""",
    severity=Severity.NOTE,
)
QUOTA_OF_CLAIMED_PROFILE = define(
    "BP3431",
    "quota-of-claimed-profile",
    """
Pods claim the MIG instances of this pool with Dynamic Resource Allocation, and their profile cannot have a quota. KAI
counts only claims of classes whose names contain `gpu`, each device as one GPU (kai-scheduler/KAI-Scheduler,
`pkg/common/resources/dra.go`). With the feature gate `DynamicMIG` the DRA driver creates instances when they are
claimed, from the same GPUs for all profiles, so the quota cannot be compared with a fixed number. Otherwise each
profile has its own DeviceClass, by which Kueue counts it.
""",
)
PRIORITY_RESERVED = define(
    "BP3432",
    "priority-name-reserved",
    """
Each of `queueing.priorities` becomes a WorkloadPriorityClass of Kueue and a PriorityClass. Names that begin with
`system-` belong to Kubernetes, which refuses them. Choose another name.
""",
)
POOL_WITHOUT_ENGINE = define(
    "BP3550",
    "pool-without-engine",
    """
The blueprint has two engines, and the pool does not declare which of them queues for it. Each node belongs to one
engine: Kueue admits workloads by quota and leaves the node to Kubernetes' scheduler, KAI chooses the node itself, and
neither sees what the other does. Set `queue: kueue`, `queue: kai`, or `queue: none` for nodes that no tenant shares.
""",
)
ENGINE_NOT_THERE = define(
    "BP3551",
    "engine-not-there",
    """
`queue` names an engine that `queueing` does not declare, so no engine would queue workloads for these nodes. Add the
engine, or name another one.
""",
)
QUOTA_OF_UNQUEUED_POOL = define(
    "BP3552",
    "quota-of-unqueued-pool",
    """
The quota is of a pool with `queue: none`, so no engine enforces it. Let an engine queue for the pool, or remove the quota.
""",
)
KAI_LENDS_ALL = define(
    "BP3553",
    "kai-lends-all",
    """
KAI lets other tenants of the group use all idle quota of a tenant, and reclaims it when the tenant needs it. Lending
cannot be limited. Remove `lend`, or let Kueue queue for the pool.
""",
)
KAI_DOES_NOT_COUNT = define(
    "BP3554",
    "kai-does-not-count",
    """
KAI counts `nvidia.com/gpu`, MIG instances without attributes (`nvidia.com/mig-1g.10gb`), processors and memory. It places pods that request
other resources without counting them, so this quota would limit nothing. Share GPUs under the usual name (`renameByDefault: false`), use
profiles without attributes, or let Kueue queue for the pool.
""",
)
KAI_COUNTS_SLICES = define(
    "BP3555",
    "kai-counts-slices",
    """
KAI counts each compute slice of a MIG instance as one GPU: `1g.10gb` as 1, `3g.40gb` as 3. A queue has one
amount for all profiles, so the tenant may use the quota of one profile for instances of another. Let Kueue queue for
the pool if each profile needs its own quota.
""",
    severity=Severity.WARNING,
)
QUEUE_NAME_TOO_LONG = define(
    "BP3556",
    "queue-name-too-long",
    """
Workloads name their queue of KAI by a label, and the value of a label has at most 63 characters. The queue is called TENANT.POOL: choose a
shorter name for one of them.
""",
)
PRIORITY_OF_KAI = define(
    "BP3557",
    "priority-of-kai",
    """
The name is that of a priority class that KAI installs and assigns to workloads without one: `train` 50,
`build-preemptible` 75, `build` 100, `inference` 125. Names that begin with `system-` belong to Kubernetes. Choose
another name, or disable KAI's own classes with the setting `priorityClasses` of its component.
""",
)
SHARED_TWICE = define(
    "BP3558",
    "shared-twice",
    """
The device plugin already offers each GPU of the pool several times, and KAI treats each replica as a whole GPU. With
`gpuSharing` pods then get fractions of replicas, and KAI's memory accounting is wrong. Use only one of the two: KAI
shares by annotation without `sharing`.
""",
)
SHARING_OF_CLAIMS = define(
    "BP3559",
    "sharing-of-claimed-gpus",
    """
KAI reserves a shared GPU with a pod that requests `nvidia.com/gpu`, which a device plugin offers. Here pods claim
devices, so `gpuSharing` has no effect. Omit it, or use `allocation: devicePlugin`.
""",
)
USE_NOT_RECORDED = define(
    "BP3560",
    "use-not-recorded",
    """
With `timeBasedFairShare` KAI queries Prometheus for the past usage of each queue, but Prometheus does not scrape KAI:
all queues would have no usage. Add `spec.observability`, or set `serviceMonitor` of KAI's component.
""",
    severity=Severity.WARNING,
)
PARTS_NOT_SCALED = define(
    "BP3561",
    "parts-not-scaled",
    """
A cluster autoscaler adds nodes for pods that request GPUs, but pods that request fractions of GPUs by annotation
request none. With the setting `clusterAutoscaling` of its component, KAI creates pods for them that an autoscaler sees.
""",
    severity=Severity.WARNING,
)
ENGINE_WITHOUT_POOLS = define(
    "BP3562",
    "engine-without-pools",
    """
The engine is installed, but no pool uses it. Set `queue` in a pool, or remove the engine.
""",
    severity=Severity.WARNING,
)
POOL_WITHOUT_QUEUES = define(
    "BP3563",
    "pool-without-queues",
    """
KAI queues for the pool, but no tenant with namespaces has a quota of it. There is no queue, so no workload starts on
these nodes. Give a tenant a quota, or set `queue: none`.
""",
    severity=Severity.WARNING,
)
HELD_BY_BOTH = define(
    "BP3564",
    "held-by-both",
    """
The setting lets Kueue suspend workloads without a Kueue queue, in all namespaces of tenants. This includes workloads
for KAI, which would never start. Disable it: with both engines, a policy rejects pods with GPUs that use neither.
""",
)
CAP_BELOW_KAI = define(
    "BP3565",
    "cap-below-kai",
    """
KAI gives workloads without a priority one of its own classes: 50, or more for services and notebooks. The tenant's cap
is below that, so its workloads on pools of KAI are refused unless they set a priority.
""",
    severity=Severity.WARNING,
)
MACHINES_NOT_COUNTED = define(
    "BP3436",
    "machines-not-counted",
    """
Other tenants have a quota of `cpu` or `memory`, but this one does not. Kueue ignores both in requests only if no tenant
counts them. Otherwise v0.19.2 stops at the first pod set that requests nothing else, such as the head of a RayCluster
or the launcher of an MPIJob: the pod sets after it get no flavors, and the workload waits forever
(kubernetes-sigs/kueue, `atLeastOnePodsAssignmentFailed` in `pkg/scheduler/flavorassigner/flavorassigner.go`). Workloads
with one pod set are admitted. Either give every tenant a quota of `cpu` or `memory` (the pool's whole capacity if it
need not be limited), or give it to none.
""",
    severity=Severity.WARNING,
)
PROVISIONED_POOL_UNKNOWN = define(
    "BP3434",
    "provisioned-pool-unknown",
    """
`provisioningRequests` requests nodes of a pool that the blueprint does not have.
""",
)
PROVISIONED_POOL_NOT_QUEUED = define(
    "BP3435",
    "provisioned-pool-not-queued",
    """
Checks apply to workloads that Kueue admits to a pool. Kueue does not queue for this pool: remove the pool from the
check, or set its `queue: kueue`.
""",
)
PROVISIONED_BY_KARPENTER = define(
    "BP3437",
    "provisioned-by-karpenter",
    """
Karpenter v1.14.1 does not support ProvisioningRequests (kubernetes-sigs/karpenter issue 742): the check would never be
ready, and no workload of the pool would start. It creates nodes for pending pods, so workloads of Kueue need no check.
Cluster Autoscaler (`checkCapacity`, `atomicScaleUp`) and GKE (`queuedProvisioning`) support such requests.
""",
)
PROVISIONED_TWICE = define(
    "BP3438",
    "provisioned-twice",
    """
The nodes of a pool would be requested twice for each workload, by two independent requests. List each pool in one check
only.
""",
)
PROVISIONING_CLASS_NOT_THERE = define(
    "BP3439",
    "provisioning-class-not-there",
    """
The class belongs to the autoscaler of another distribution. A request with a class that no autoscaler handles stays
pending, so no workload would start.
""",
)
PROVISIONED_POOL_FIXED = define(
    "BP3440",
    "provisioned-pool-fixed",
    """
With this class an autoscaler adds nodes, but the pool has a fixed number. While all nodes are in use, requests fail
instead of waiting, and after `retries` Kueue deactivates the workload. Declare `nodes: {min, max}`; `checkCapacity`
looks for room on existing nodes.
""",
    severity=Severity.WARNING,
)
CAPACITY_ONLY_CHECKED = define(
    "BP3441",
    "capacity-only-checked",
    """
`checkCapacity` looks for room on existing nodes and adds none. The pods of a workload that waits for the check do not
exist yet, so an autoscaler does not see them: quota beyond the minimum number of nodes is used only if something else
adds nodes. `atomicScaleUp` adds them.
""",
    severity=Severity.WARNING,
)
PROVISIONED_CLAIMS = define(
    "BP3442",
    "provisioned-claims",
    """
A request for nodes contains pod templates, but Cluster Autoscaler creates no claims for them
(provisioningrequest/pods/pods.go), so it finds no node for pods with claims. Kueue does not see that such pods need
GPUs either, because their containers request none.
""",
)
RETRY_ORDER = define(
    "BP3443",
    "retry-order",
    """
The first pause between two requests is longer than the maximum. Lower `retryBaseSeconds`, or raise `retryMaxSeconds`.
""",
)
NOTHING_TO_BORROW = define(
    "BP3445",
    "nothing-to-borrow",
    """
Nothing is guaranteed to the tenant, and no member of its group has a quota of this pool that it lends, so its queue
admits no workload there. Tenants can only borrow what exists: set the quota at the group, whose members share it
(`quota` of a tenant without `namespaces`), or guarantee some of it to a member.
""",
    severity=Severity.WARNING,
)
