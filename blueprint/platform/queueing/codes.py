"""Codes of queueing: quotas, and the hardware behind them."""

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
The quota counts something that nodes of the pool do not offer: a MIG profile that no GPU of it is cut into, whole GPUs where all are
partitioned, or GPUs of a pool without any. Kueue would never admit such a workload.
""",
)
BORROW_WITHOUT_GROUP = define(
    "BP3416",
    "borrow-without-group",
    """
Tenants borrow from the others of their group and lend to them. This one belongs to no group: name one as `parent`. Kueue refuses a queue
with a borrowing or lending limit and without a cohort.
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
All guaranteed quotas together are more than the pool has, even with its most nodes. Workloads would be admitted whose pods never find a
node. Kueue would stop them after `podsReadyTimeout` and admit them again. Shared GPUs count as often as pods share them, MIG instances each.
""",
)
QUOTA_NEEDS_NODES = define(
    "BP3422",
    "quota-needs-nodes",
    """
The guaranteed quotas are more than the pool's fewest nodes have, and no more than its most nodes have. An autoscaler must add nodes before
all tenants get what is guaranteed to them.
""",
    severity=Severity.NOTE,
)
WEIGHT_WITHOUT_FAIR_SHARING = define(
    "BP3423",
    "weight-without-fair-sharing",
    """
Weights decide how what is borrowed is shared, and `queueing.kueue.fairSharing` is off: the first one in gets all. Switch it on, or remove the
weight.
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
The tenant's quota counts processors or memory for one pool and not for another. Kueue then counts them everywhere, and a workload on the
other pool finds none: every pod requests some. Give an amount for each pool, or for none.
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
The quota of processors or memory could not be compared with the hardware: the pool does not say how much its machines have. Set
`machine.cpu` and `machine.memory`, or an instance type that the catalogue knows.
""",
    severity=Severity.NOTE,
)
QUOTA_OF_CLAIMED_PROFILE = define(
    "BP3431",
    "quota-of-claimed-profile",
    """
Pods claim the devices of this pool with Dynamic Resource Allocation. Kueue counts claims by their DeviceClass, and all MIG profiles have
the same one, so a quota of one profile cannot be enforced. Count `gpu`, or let a device plugin advertise the pool.
""",
)
PRIORITY_RESERVED = define(
    "BP3432",
    "priority-name-reserved",
    """
Each of `queueing.priorities` becomes a class of Kueue and a PriorityClass of pods. Names that begin with `system-` belong to Kubernetes, which
refuses them. Choose another name.
""",
)
