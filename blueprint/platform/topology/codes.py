"""Diagnostic codes for hardware and topology (BP317x, BP318x, BP33xx)."""

from blueprint.diagnostics import Severity, define

TOPOLOGY_LEVELS = define(
    "BP3170",
    "topology-levels",
    """
`cluster.topology` lists the levels of the node topology, widest first. Each is a node label, named once; the node
itself, `kubernetes.io/hostname`, can only be the last.
""",
)
TOPOLOGY_LEVEL_UNKNOWN = define(
    "BP3171",
    "unknown-topology-level",
    """
A pool declares how many of its nodes are in a domain of this level, but `cluster.topology` has no such level. Add it
there, with the other levels, widest first.
""",
)
TOPOLOGY_SIZES = define(
    "BP3172",
    "topology-sizes",
    """
The domains cannot be as large as declared: a narrower level holds more nodes than a wider one, or does not divide it,
or one domain has more nodes than the pool ever has. Sizes are nodes per domain, widest level first: blocks of 32,
racks of 8.
""",
)
TOPOLOGY_UNEVEN = define(
    "BP3173",
    "topology-uneven",
    """
The pool's nodes do not fill whole domains, so one of them is smaller than the others. Workloads that need a whole domain find one fewer than expected.
""",
    severity=Severity.WARNING,
)
NVLINK_DOMAIN_IMPOSSIBLE = define(
    "BP3175",
    "nvlink-domain-impossible",
    """
The NVLink domain cannot exist: the GPU has no NVLink between nodes, or the domain would hold more GPUs than NVLink can
connect, or more nodes than the pool has. GB200 and GB300 racks connect 18 nodes of 4 GPUs; NVLink of HGX boards does
not leave the node.
""",
)
NVLINK_DOMAIN_UNEVEN = define(
    "BP3176",
    "nvlink-domain-uneven",
    """
The pool's nodes do not fill whole NVLink domains: one rack is not complete, or not all of it belongs to the pool.
""",
    severity=Severity.WARNING,
)
KUBELET_CONFLICT = define(
    "BP3180",
    "kubelet-conflict",
    """
These settings of the kubelet do not work together: the kubelet would refuse to start, or one setting would have no effect. The static memory manager needs the static CPU manager's alignment, that is a topology manager
other than `none`.
""",
)
MACHINE_IMPLAUSIBLE = define(
    "BP3357",
    "machine-implausible",
    """
A node this small has no room for the kubelet, the pods of the GPU stack and a workload. Usually a unit is wrong: `2Ti`,
not `2Mi`.
""",
)
