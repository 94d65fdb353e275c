"""Codes of machines, places of nodes, and what goes together (BP3150 to BP3189)."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

UNKNOWN_INSTANCE_TYPE = define(
    "BP3150",
    "unknown-instance-type",
    """
The catalogue has no instance type of this name, so nothing can follow from it. It holds the GPU machines of AWS,
Azure, CoreWeave, Google Cloud, IBM Cloud and Oracle, as the node label `node.kubernetes.io/instance-type` spells them. Of
another machine say `gpu: {product, count}` and, where it matters, `arch`, `cpu` and `memory`; of one without GPUs say
`cpu` and `memory`. Then this is a warning, since nothing has to follow, but the name may still be misspelt.
""",
)
MACHINE_DISAGREES = define(
    "BP3151",
    "machine-disagrees",
    """
The blueprint says one thing of its nodes and the instance type another: another GPU, another number of them, another
processor architecture, other processors, more memory. One of the two lines is wrong. Where the catalogue is not sure
of its own value this is a warning, since then the catalogue may be the one that is wrong.
""",
)
MACHINE_ELSEWHERE = define(
    "BP3152",
    "machine-of-another-cloud",
    """
The instance type belongs to one cloud and the distribution runs in another one, so no node can be both.
""",
)
MACHINE_GPU_UNKNOWN = define(
    "BP3153",
    "gpu-not-decided",
    """
The GPU is to follow from the machine, but nothing determines it: there is no `machine.instanceType`, or the
instance type has a fraction of a GPU, or the catalogue does not know how many it has. Say `gpu: {product, count}`.
""",
)
MACHINE_UNVERIFIED = define(
    "BP3154",
    "machine-not-verified",
    """
What the catalogue says of this instance type is general knowledge that is not verified, and the platform was
derived from it. It is probably right. Say `gpu`, or the value in question, to be sure.
""",
    severity=Severity.WARNING,
)
ARCH_UNSUPPORTED = define(
    "BP3155",
    "arch-unsupported",
    """
The GPU does not come with this kind of processor: GH200, GB200 and GB300 are combined with a Grace CPU, which is `arm64`.
""",
)
MACHINE_FRACTION = define(
    "BP3156",
    "machine-has-a-fraction",
    """
Nodes of this instance type have a fraction of a GPU: a vGPU, which needs NVIDIA's vGPU driver with a licence and
shows less memory than the product has. A whole GPU is declared; the probe would find something else.
""",
    severity=Severity.WARNING,
)
ALLOCATION_UNSUPPORTED = define(
    "BP3157",
    "allocation-unsupported",
    """
`gpuStack` says who runs the GPU stack, `allocation` how pods get GPUs, and this combination of both is not supported. The
GPU Operator either has a ClusterPolicy, with the device plugin on all GPU nodes, or a GPUCluster, with the DRA driver on all of
them; NVIDIA does not support both in one cluster. Without the operator (`gpuStack: standalone`) a pool may differ: device plugin and DRA
driver then run on the nodes of their own pools alone.
""",
)
POOL_NOT_SELECTED = define(
    "BP3158",
    "pool-not-selected",
    """
A pool's nodes are found by labels that they have when they join. Managed clouds set one themselves
(`eks.amazonaws.com/nodegroup`, `cloud.google.com/gke-nodepool`, `kubernetes.azure.com/agentpool`), and it is the default there.
Elsewhere `spec.poolLabel` names a label whose value is the pool's name, or the pool has a `selector`.
""",
)
POOL_DEFAULTS_UNUSED = define(
    "BP3159",
    "pool-defaults-unused",
    """
`spec.poolDefaults` is merged under the pools that have GPUs: those with `gpu`, or with a `machine.instanceType` that has GPUs.
There is no such pool, so nothing of it takes effect.
""",
    severity=Severity.WARNING,
)
POOL_NAME_SLIP = define(
    "BP3166",
    "pool-name-slip",
    """
An overlay, or the command line, names a pool that no lower layer has, and the name is a slip of the finger away from one that
there is: two letters swapped, one dropped, one doubled. It makes a second pool, and the first stays as it is. Write the other
name, or choose one that cannot be taken for it.
""",
    severity=Severity.WARNING,
)
COUNT_OF_BOARD = define(
    "BP3181",
    "count-of-board",
    """
The pool names a GPU and not how many of them a node has. Boards and trays with this product come in one size, so that many
are expected of each node. Write `count` where a node has another number of them.
""",
    severity=Severity.NOTE,
)
TYPES_DIFFER = define(
    "BP3590",
    "instance-types-differ",
    """
Karpenter chooses one of the pool's instance types for each node, and they do not have the same GPUs, the same number of them or the same
processor architecture. Quotas, MIG layouts, limits and what `blueprint probe` expects hold for every node of a pool, so nodes of a pool are
alike. Make a pool of each kind of machine.
""",
)
