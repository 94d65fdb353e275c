"""Diagnostic codes for pools, their selectors and taints (BP3108, BP3113, BP335x, BP3363)."""

from blueprint.diagnostics import Severity, define

POOL_WITHOUT_NODES = define(
    "BP3350",
    "pool-without-nodes",
    """
The pool never has a node, so its declarations have no effect. If it will get nodes later, declare its maximum
size: `nodes: {min: 0, max: 8}`.
""",
    severity=Severity.WARNING,
)
SELECTOR_TOO_WIDE = define(
    "BP3351",
    "selector-too-wide",
    """
The pool is selected by labels that every node has, so it includes the nodes of all other pools. Select it by a label that only its nodes have.
""",
)
SELECTOR_IMPOSSIBLE = define(
    "BP3352",
    "selector-impossible",
    """
No node of the pool can have this label: GPU nodes of this platform run Linux, and machine and GPU determine the
processor architecture. The pool would stay empty.
""",
)
SELECTED_BY_DISCOVERY = define(
    "BP3353",
    "selected-by-discovery",
    """
Feature discovery sets the label minutes after a node has joined, and removes it when uninstalled. Until then the node
belongs to no pool; with labels that need the driver it never does, if the driver depends on the pool. Select by a label
of the machine.
""",
    severity=Severity.WARNING,
)
TAINT_OF_THE_CLUSTER = define(
    "BP3354",
    "taint-of-the-cluster",
    """
Taints of `node.kubernetes.io/` and of cloud providers describe the state of a node. The cluster sets and removes them:
a pool's taint with such a key would be removed, or would keep pods away forever. Choose a key of your own.
""",
)
NO_GPUS = define(
    "BP3363",
    "no-gpus",
    """
No pool has `gpu`, and no pool's instance type has GPUs: the operator would be installed but have nothing to do. That is
correct for a cluster that gets GPU nodes later; otherwise `gpu` is missing.
""",
    severity=Severity.WARNING,
)
POOLS_OVERLAP = define(
    "BP3108",
    "pools-overlap",
    """
Two pools select the same nodes: both selectors require the same labels. A node would belong to both, with
two sets of taints and expectations. Give each pool its own label value.
""",
)
SELECTOR_RESERVED = define(
    "BP3113",
    "selector-reserved",
    """
The pool is selected by a label that the GPU Operator or this tool sets on nodes by itself. Before the platform is
installed, no node has it, and afterwards it has another meaning. Select nodes by labels that they have when they join:
those of your machine provisioner, or the cloud's node pool label.
""",
)
