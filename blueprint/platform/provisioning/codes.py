"""Diagnostic codes for pools whose nodes Karpenter creates (BP3591 to BP3613)."""

from blueprint.diagnostics import Severity, define

NO_NODE_CLASS_KIND = define(
    "BP3591",
    "karpenter-elsewhere",
    """
Node pools and node classes are rendered for Karpenter on EC2. The pool's machines, or the cluster's distribution,
belong to a cloud that needs another Karpenter provider, or has none. Remove `karpenter`, declare `nodes: {min, max}`,
and use the cloud's own autoscaler.
""",
)
MACHINE_BESIDE_TYPES = define(
    "BP3592",
    "machine-beside-instance-types",
    """
`karpenter.instanceTypes` decides which machines the nodes of a pool are; `machine.instanceType` is for nodes that exist already.
Remove `machine.instanceType`.
""",
)
NODES_ALWAYS_THERE = define(
    "BP3593",
    "karpenter-nodes-always-there",
    """
Karpenter creates nodes when pods wait for them and removes them when nothing runs on them: it keeps no minimum number.
Declare `nodes: {min: 0, max: N}`. To keep all nodes permanently, set `karpenter: {static: true}` and one number of
nodes.
""",
)
STATIC_RANGE = define(
    "BP3594",
    "static-pool-range",
    """
All nodes of a static pool always exist, so declare one number: `nodes: 4`.
""",
)
NODE_CLASS_UNDECLARED = define(
    "BP3595",
    "node-class-undeclared",
    """
The blueprint declares node classes, but not the one that the pool names. It must already be in the cluster, or no nodes
are created. Probably the name is misspelt.
""",
    severity=Severity.WARNING,
)
NODE_CLASS_UNUSED = define(
    "BP3596",
    "node-class-unused",
    """
No pool starts machines with this node class. Name it in a pool's `karpenter.nodeClass`, or remove it.
""",
    severity=Severity.WARNING,
)
NODE_CLASS_SYSTEM = define(
    "BP3597",
    "node-class-of-another-system",
    """
The node class starts machines with an operating system that differs from `cluster.os`. The operating system determines
who installs driver, container toolkit and device plugin: with the wrong one, nodes have two drivers or none. Your own
images, of family `custom`, may have any.
""",
)
SELECTOR_NEVER_MET = define(
    "BP3598",
    "selector-not-of-the-node-pool",
    """
The pool's nodes get this label from Karpenter or from the cloud, with a value that differs from the selector's:
`karpenter.sh/nodepool` is the pool's name, and purchase type, instance type and zone are among those that the pool
requires. Nodes would be created but belong to no pool.
""",
)
SELECTOR_OF_KARPENTER = define(
    "BP3599",
    "selector-label-of-karpenter",
    """
The pool's selector has a label that a node pool of Karpenter must not set: one of `karpenter.sh/`, which are reserved,
or `kubernetes.io/hostname`, which is different on every node. Select the nodes by a label of your own, which Karpenter
then sets on them, or omit the selector: nodes are then identified by `karpenter.sh/nodepool`.
""",
)
CLAIMS_NOT_PROVISIONED = define(
    "BP3600",
    "claims-without-nodes",
    """
Karpenter creates no nodes for pods that claim devices: its setting ignoreDRARequests is on by default, and support
without it is experimental. Pods would wait forever for the first node. Let a device plugin advertise the GPUs, keep all
nodes permanently (`static: true`), or, where you install Karpenter with this blueprint, set `ignoreDraRequests: false`.
""",
)
CLAIMS_EXPERIMENTAL = define(
    "BP3601",
    "claims-provisioned-experimentally",
    """
Karpenter's support for pods that claim devices is experimental. It predicts what the DRA driver publishes for an
instance type; claims with administrative access, device taints and devices that several nodes share are not covered.
""",
    severity=Severity.WARNING,
)
STARTUP_TAINT_STAYS = define(
    "BP3602",
    "startup-taint-stays",
    """
Karpenter sets a startup taint on a new node and waits until something else removes it. Neither the GPU Operator nor
Node Feature Discovery removes taints of `nvidia.com/`, so the node would stay tainted. None is needed: a pod that
requests a GPU waits until the device plugin advertises it, and until then Karpenter counts the node as not initialized.
""",
)
JOBS_DISRUPTED = define(
    "BP3603",
    "disruption-ends-jobs",
    """
Jobs of tenants run on the pool, and its nodes can be removed meanwhile. With `when: underutilized` Karpenter evicts
pods to save a machine; with `expireAfter` every node is removed at that age, and after `gracePeriod` its pods are
deleted. A job that is evicted starts again from its last checkpoint. Use `when: empty` and `expireAfter: Never`, or
annotate pods of jobs with `karpenter.sh/do-not-disrupt: "true"`.
""",
    severity=Severity.WARNING,
)
RESERVED_WITHOUT_RESERVATION = define(
    "BP3604",
    "reserved-without-reservations",
    """
The pool uses reserved machines, but its node class selects no capacity reservation. List the reservations in the node
class's `reservations`.
""",
)
GUARANTEED_ON_SPOT = define(
    "BP3607",
    "guaranteed-on-spot",
    """
The quota that is guaranteed to a tenant is on spot machines. EC2 reclaims these with two minutes' notice, and may have
none when they are needed. Guarantee on-demand or reserved machines (`capacity: [on-demand, spot]` and a quota of each),
or nothing (`guaranteed: 0`), and let tenants borrow from the quota of their group.
""",
    severity=Severity.WARNING,
)
PURCHASES_OF_INSTANCES = define(
    "BP3608",
    "purchases-of-instances",
    """
The GPUs are partitioned into several profiles, and the machines have several purchase types. Quotas count either by
profile or by purchase type. Create one pool for each purchase type, or partition all GPUs in the same way.
""",
)
PRICE_OF_ANOTHER_PURCHASE = define(
    "BP3609",
    "price-of-another-purchase",
    """
`costPerGpuHour` has a price of a purchase type that the pool does not have. Purchase types are those of `karpenter.capacity`; a pool without
`karpenter` has one price.
""",
)
CLUSTER_NAME_MISSING = define(
    "BP3605",
    "karpenter-without-cluster-name",
    """
Karpenter's controller does not start without the name of the cluster. Set `clusterName`.
""",
)
SPOT_WITHOUT_QUEUE = define(
    "BP3606",
    "spot-without-interruption-queue",
    """
Pools use spot machines, but Karpenter has no queue with EC2's interruption notices. EC2 then reclaims machines without
their pods being drained. Set `interruptionQueue`, and send the events of EC2 to that queue.
""",
    severity=Severity.WARNING,
)
