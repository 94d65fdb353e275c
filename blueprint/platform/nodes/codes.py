"""Diagnostic codes of pools, their selectors and taints (BP3108, BP3113, BP335x, BP3363)."""

from blueprint.diagnostics import Severity, define

POOL_WITHOUT_NODES = define(
    "BP3350",
    "pool-without-nodes",
    """
The pool never has a node, so nothing that is said about it comes true. If it is to be filled later, say the largest number
that it may have: `nodes: {min: 0, max: 8}`.
""",
    severity=Severity.WARNING,
)
SELECTOR_TOO_WIDE = define(
    "BP3351",
    "selector-too-wide",
    """
The pool is selected by labels that every node has, so it takes in the nodes of all other pools. Select it by a label that
its own nodes alone carry.
""",
)
SELECTOR_IMPOSSIBLE = define(
    "BP3352",
    "selector-impossible",
    """
No node of the pool can carry this label: GPU nodes of this platform run Linux, and the processor is the one that machine
and GPU decide. The pool would stay empty.
""",
)
SELECTED_BY_DISCOVERY = define(
    "BP3353",
    "selected-by-discovery",
    """
The label is put on nodes by discovery, minutes after they have joined, and vanishes with it. Until then the node belongs to
no pool; for labels that need the driver it never does if the pool decides the driver. Select by a label of the machine.
""",
    severity=Severity.WARNING,
)
TAINT_OF_THE_CLUSTER = define(
    "BP3354",
    "taint-of-the-cluster",
    """
Taints of `node.kubernetes.io/` and of cloud providers say what state a node is in. The cluster sets and removes them: as a taint
of a pool they would vanish, or keep pods away for ever. Choose a key of your own.
""",
)
NO_GPUS = define(
    "BP3363",
    "no-gpus",
    """
No pool says `gpu`, and no pool's instance type has any: the operator would be installed and find nothing to do. That is
right for a cluster whose GPU nodes come later; otherwise a `gpu` was forgotten.
""",
    severity=Severity.WARNING,
)
POOLS_OVERLAP = define(
    "BP3108",
    "pools-overlap",
    """
Two pools select the same nodes: every label that one asks for is asked for by the other. A node would belong to both, with
two sets of taints and expectations. Give each pool a label value of its own.
""",
)
SELECTOR_RESERVED = define(
    "BP3113",
    "selector-reserved",
    """
The pool is selected by a label that the GPU Operator or this tool sets on nodes by itself. Before the platform is there no node
carries it, and afterwards it means something else. Select nodes by labels that they have from the beginning: those of your
machine provisioner, or the cloud's node pool label.
""",
)
