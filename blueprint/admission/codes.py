"""Diagnostic codes for workloads that are checked against a platform (BP404x)."""

from blueprint.diagnostics import Severity, define

FITS = define(
    "BP4040",
    "workload-fits",
    """
The platform has nodes for the workload. The evidence lists, for each pool, the number of nodes that it fits and how
many such pods they hold at once while nothing else runs there. Resources used by other workloads are not considered. In
a tenant's namespace, the tenant's quota is: how many pods it is enough for, and whose quota would be borrowed.
""",
    severity=Severity.NOTE,
)
DOES_NOT_FIT = define(
    "BP4041",
    "workload-does-not-fit",
    """
No node of the platform can run the workload: its pods would stay pending. The evidence lists the reason for each pool:
labels, taints, a resource that is not offered, or, for claims, the condition that is false for each kind of device.
""",
)
NOT_KNOWN = define(
    "BP4042",
    "workload-not-known",
    """
It is unknown whether the workload fits: a claim that it refers to is not among the files, a value of a device is not
known before the node exists, or the library that evaluates selectors is not installed.
""",
    severity=Severity.WARNING,
)
CROWDED = define(
    "BP4043",
    "workload-larger-than-the-platform",
    """
The workload has more pods than fit on the platform at once, even if nothing else runs. The others stay pending until
some have ended; a group of pods that must start together never starts.
""",
    severity=Severity.WARNING,
)
NOTHING_TO_ADMIT = define(
    "BP4044",
    "nothing-to-admit",
    """
No object in the files requests a device: there is no ResourceClaim, no ResourceClaimTemplate, and no pod that requests
a vendor's resource.
""",
    severity=Severity.WARNING,
)
BEYOND_QUOTA = define(
    "BP4045",
    "workload-beyond-quota",
    """
The queue admits the pods of the workload together, but its tenant does not have enough quota, even with everything that
others lend. The workload waits forever. Identical pods go to one pool; a workload with several pod sets, such as a
JobSet or a RayCluster, is admitted with all of its pod sets or not at all, and each pod set gets the first pool with
enough quota for it and the pod sets before it. If that fails, Kueue retries with later pools, but does not try every
combination. Request fewer pods, give the tenant more quota or a higher `borrow`, or select a pool for each pod set.

A pod set that requests no resource for which the tenant has quota must be the last one: Kueue (v0.19.2) examines no pod
set after it, and never admits the workload. This happens only if other tenants have a quota of `cpu` or `memory` and
this one has none; otherwise Kueue is configured to ignore both in requests.

On a pool of KAI, pods of a Job start one by one, unless the annotation `kai.scheduler/batch-min-member` sets how many
start together. Pods of a JobSet, LeaderWorkerSet, RayCluster or training job start together, up to their minimum number
of replicas. KAI never stops a workload with a priority of 100 or more, such as a Deployment without a class, and gives
it no more than its tenant's own quota; the label `priorityClassName: train` lets it borrow.
""",
)
UNKNOWN_TENANT = define(
    "BP4046",
    "tenant-not-there",
    """
`--tenant` names a tenant that the blueprint does not have, or a group, which has no namespaces.
""",
)
