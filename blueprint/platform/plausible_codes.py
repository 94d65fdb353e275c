"""Codes of what has the right form and cannot be meant (BP3350 to BP3369)."""

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
LISTED_TWICE = define(
    "BP3355",
    "listed-twice",
    """
The list has the same entry twice. The API identifies such entries by their name and refuses the object, or takes one of the
two.
""",
)
MIRROR_UNUSED = define(
    "BP3356",
    "mirror-unused",
    """
No image of the platform comes from this registry, so the mirror stands in for nothing. Where the name is misspelt, images are
pulled from the Internet after all.
""",
    severity=Severity.WARNING,
)
MACHINE_IMPLAUSIBLE = define(
    "BP3357",
    "machine-implausible",
    """
A node so small cannot hold the kubelet, the pods of the GPU stack and a workload. Mostly a unit is wrong: `2Ti`, not `2Mi`.
""",
)
SETTING_WITHOUT_ITS_SWITCH = define(
    "BP3358",
    "setting-without-its-switch",
    """
The setting belongs to something that another setting switches on, and that is off. It changes nothing, and whoever wrote it
believes that it does.
""",
)
COLLECTED_TOO_SELDOM = define(
    "BP3359",
    "collected-too-seldom",
    """
The exporter reads the GPUs less often than Prometheus asks it, so the same value is stored several times, and rates and
alerts see steps that are none. Let the exporter's interval be no longer than the scrape interval.
""",
    severity=Severity.WARNING,
)
NUMBER_WANTED = define(
    "BP3360",
    "variable-not-a-number",
    """
The program that reads this variable wants a number, and ends in a crash loop over anything else.
""",
)
CUT_ON_DEMAND_AT_A_RESET = define(
    "BP3361",
    "cut-on-demand-at-a-reset",
    """
GPUs of the Ampere generation change their MIG mode at a reset, and the DRA driver that cuts GPUs on demand does not reset
them. Claims of instances then wait on nodes whose GPUs came up with MIG off. Switch MIG on before, or leave the gate closed.
""",
    severity=Severity.WARNING,
)
EXPORTER_OUT_OF_REACH = define(
    "BP3362",
    "exporter-out-of-reach",
    """
The exporter answers over TLS, or known users, alone, and the monitors that `spec.observability` makes ask it plainly: every
target is down, and alerts about silent exporters fire. The exporter's own ServiceMonitor follows such settings; the ones of
`spec.observability` do not.
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
