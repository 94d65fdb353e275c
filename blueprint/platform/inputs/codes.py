"""Diagnostic codes for instance types, locations of nodes, and compatibility (BP3150 to BP3189)."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

UNKNOWN_INSTANCE_TYPE = define(
    "BP3150",
    "unknown-instance-type",
    """
The catalogue has no instance type of this name, so nothing can be derived from it. It contains the GPU machines of AWS,
Azure, CoreWeave, Google Cloud, IBM Cloud and Oracle, as the node label `node.kubernetes.io/instance-type` spells them.
For other machines, set `gpu: {product, count}` and, if relevant, `arch`, `cpu` and `memory`; for machines without GPUs,
set `cpu` and `memory`. This is then a warning, because the name may still be misspelt.
""",
)
MACHINE_DISAGREES = define(
    "BP3151",
    "machine-disagrees",
    """
The blueprint and the instance type disagree about the nodes: the GPU product or count, the processor architecture, the
number of processors, or the memory. One of the two lines is wrong. If the catalogue's value is not certain, this is a
warning, because the catalogue may be wrong.
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
The GPU is to be derived from the machine, but nothing determines it: there is no `machine.instanceType`, or the
instance type has a fraction of a GPU, or the catalogue does not know how many it has. Set `gpu: {product, count}`.
""",
)
MACHINE_UNVERIFIED = define(
    "BP3154",
    "machine-not-verified",
    """
The catalogue's facts about this instance type are general knowledge that is not verified, and the platform was derived
from them. They are probably right. Set `gpu`, or the value in question, to be sure.
""",
    severity=Severity.WARNING,
)
ARCH_UNSUPPORTED = define(
    "BP3155",
    "arch-unsupported",
    """
The GPU is not available with this kind of processor: GH200, GB200 and GB300 are combined with a Grace CPU, which is
`arm64`.
""",
)
MACHINE_FRACTION = define(
    "BP3156",
    "machine-has-a-fraction",
    """
Nodes of this instance type have a fraction of a GPU: a vGPU, which needs NVIDIA's vGPU driver with a licence and
shows less memory than the product has. The blueprint declares a whole GPU, so the probe would report a difference.
""",
    severity=Severity.WARNING,
)
ALLOCATION_UNSUPPORTED = define(
    "BP3157",
    "allocation-unsupported",
    """
`gpuStack` sets who runs the GPU stack, and `allocation` how pods get GPUs. This combination is not supported. The GPU
Operator either has a ClusterPolicy, with the device plugin on all GPU nodes, or a GPUCluster, with the DRA driver on
all of them; NVIDIA does not support both in one cluster. Without the operator (`gpuStack: standalone`) a pool may
differ: device plugin and DRA driver then run only on the nodes of their own pools.
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
There is no such pool, so it has no effect.
""",
    severity=Severity.WARNING,
)
POOL_NAME_SLIP = define(
    "BP3166",
    "pool-name-slip",
    """
An overlay, or the command line, names a pool that no lower layer has, and the name is one typing error away from an
existing one: two letters swapped, one dropped, one doubled. This creates a second pool, and the first stays as it is.
Use the other name, or choose one that cannot be confused with it.
""",
    severity=Severity.WARNING,
)
COUNT_OF_BOARD = define(
    "BP3181",
    "count-of-board",
    """
The pool sets a GPU product but not the number of GPUs per node. Boards and trays with this product have a fixed number
of GPUs, which is expected on each node. Set `count` if nodes have another number.
""",
    severity=Severity.NOTE,
)
TYPES_DIFFER = define(
    "BP3590",
    "instance-types-differ",
    """
Karpenter chooses one of the pool's instance types for each node, and they do not have the same GPUs, the same number of
them or the same processor architecture. Quotas, MIG layouts, limits and the expectations of `blueprint probe` apply to
every node of a pool, so its nodes must be identical. Create one pool for each kind of machine.
""",
)
