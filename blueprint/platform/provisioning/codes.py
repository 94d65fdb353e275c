"""Codes of pools whose nodes Karpenter makes (BP3591 to BP3613)."""

from blueprint.diagnostics import Severity, define

NO_NODE_CLASS_KIND = define(
    "BP3591",
    "karpenter-elsewhere",
    """
Node pools and node classes are rendered for Karpenter on EC2. The pool's machines, or the cluster's distribution, belong to a cloud that
Karpenter serves by another provider, or not at all. Remove `karpenter`, declare `nodes: {min, max}`, and let the cloud's own autoscaler make
the nodes.
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
Karpenter makes nodes when pods wait for them and takes them away when nothing runs on them: it keeps no fewest number. Declare `nodes: {min: 0,
max: N}`. Where all nodes are to be there always, say `karpenter: {static: true}` and one number of nodes.
""",
)
STATIC_RANGE = define(
    "BP3594",
    "static-pool-range",
    """
All nodes of a static pool are always there, so it has one number of them: `nodes: 4`.
""",
)
NODE_CLASS_UNDECLARED = define(
    "BP3595",
    "node-class-undeclared",
    """
The blueprint declares node classes, and the one that the pool names is not among them. It must be in the cluster already, or nodes are never
made; more probably the name is misspelt.
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
The node class starts machines with one operating system and `cluster.os` names another. Who brings driver, container toolkit and device plugin
follows from the operating system: with the wrong one, nodes have two drivers or none. Images of your own, of family `custom`, may have any.
""",
)
SELECTOR_NEVER_MET = define(
    "BP3598",
    "selector-not-of-the-node-pool",
    """
The pool's nodes get this label from Karpenter or from the cloud, with another value than the selector has: `karpenter.sh/nodepool` is the
pool's name, and purchase type, instance type and zone are among those that the pool requires. Nodes would be made and belong to no pool.
""",
)
SELECTOR_OF_KARPENTER = define(
    "BP3599",
    "selector-label-of-karpenter",
    """
The pool's selector has a label that Karpenter does not let a node pool set: one of `karpenter.sh/`, which are its own, or
`kubernetes.io/hostname`, which is different on every node. Select the nodes by a label of your own, which Karpenter then puts on them, or leave
the selector out: nodes are then known by `karpenter.sh/nodepool`.
""",
)
CLAIMS_NOT_PROVISIONED = define(
    "BP3600",
    "claims-without-nodes",
    """
Karpenter makes no nodes for pods that claim devices: its setting ignoreDRARequests is on by default, and what it does without is experimental.
Pods would wait without end for the first node. Let a device plugin advertise the GPUs, make all nodes always there (`static: true`), or, where
you install Karpenter with this blueprint, set `ignoreDraRequests: false`.
""",
)
CLAIMS_EXPERIMENTAL = define(
    "BP3601",
    "claims-provisioned-experimentally",
    """
Karpenter makes nodes for pods that claim devices only as an experiment. It predicts what the DRA driver publishes of an instance type; claims
with administrative access, device taints and devices that several nodes share are not covered.
""",
    severity=Severity.WARNING,
)
STARTUP_TAINT_STAYS = define(
    "BP3602",
    "startup-taint-stays",
    """
Karpenter puts a startup taint on a new node and waits until something else takes it away. Neither the GPU Operator nor Node Feature Discovery
removes taints of `nvidia.com/`, so that the node would stay closed. None is needed: a pod that requests a GPU waits until the device plugin
advertises it, and until then Karpenter counts the node as not initialized.
""",
)
JOBS_DISRUPTED = define(
    "BP3603",
    "disruption-ends-jobs",
    """
Jobs of tenants run on the pool, and its nodes are taken away while they do. With `when: underutilized` Karpenter evicts pods to save a machine;
with `expireAfter` every node goes at an age, and after `gracePeriod` its pods are deleted. A job that is evicted starts again from its last
checkpoint. Use `when: empty` and `expireAfter: Never`, or annotate pods of jobs with `karpenter.sh/do-not-disrupt: "true"`.
""",
    severity=Severity.WARNING,
)
RESERVED_WITHOUT_RESERVATION = define(
    "BP3604",
    "reserved-without-reservations",
    """
The pool takes reserved machines, and its node class selects no capacity reservation, so there are none. Name them in the node class's
`reservations`.
""",
)
GUARANTEED_ON_SPOT = define(
    "BP3607",
    "guaranteed-on-spot",
    """
The quota that is guaranteed to a tenant is on spot machines. EC2 takes these back with two minutes' notice, and may have none when they are
needed. Guarantee on-demand or reserved machines (`capacity: [on-demand, spot]` and a quota of each), or nothing (`guaranteed: 0`) and let tenants of a
group borrow.
""",
    severity=Severity.WARNING,
)
PURCHASES_OF_INSTANCES = define(
    "BP3608",
    "purchases-of-instances",
    """
The GPUs are partitioned into several profiles, and the machines are bought in several ways. Quotas count either by profile or by purchase
type. Make a pool of each purchase type, or partition all GPUs alike.
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
Pools take spot machines, and Karpenter has no queue from which it learns two minutes ahead that EC2 takes one back. The machine vanishes and
its pods are lost without being drained. Set `interruptionQueue`, and send the events of EC2 to that queue.
""",
    severity=Severity.WARNING,
)
