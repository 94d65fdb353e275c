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
`cpu` and `memory`. Then this is a warning, since nothing has to follow, and the name may be misspelt all the same.
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
The blueprint leaves the GPU to the machine, and nothing decides it: there is no `machine.instanceType`, or the
instance type has a fraction of a GPU, or the catalogue does not know how many it has. Say `gpu: {product, count}`.
""",
)
MACHINE_UNVERIFIED = define(
    "BP3154",
    "machine-not-verified",
    """
What the catalogue says of this instance type is general knowledge that nobody has checked, and the platform was
derived from it. It is probably right. Say `gpu`, or the value in question, to be sure.
""",
    severity=Severity.WARNING,
)
ARCH_UNSUPPORTED = define(
    "BP3155",
    "arch-unsupported",
    """
The GPU does not come with this kind of processor: GH200, GB200 and GB300 stand beside a Grace CPU, which is `arm64`.
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
DRIVER_TOO_NEW = define(
    "BP3160",
    "driver-too-new",
    """
New driver branches drop old GPUs: the driver would load and not find this one. Choose a branch that still knows it;
where other pools need a newer one, give each pool its own (`driver.branch`), since nodes need not run the same
driver.
""",
)
DRIVER_DOUBTED = define(
    "BP3161",
    "driver-doubtful",
    """
By what is generally known, but has not been verified, this driver does not fit the GPU. A wrong driver does not find
it. Check the release notes of the driver.
""",
    severity=Severity.WARNING,
)
DRIVER_CHOSEN = define(
    "BP3162",
    "driver-branch-chosen",
    """
No driver branch was asked for, and the release's default one does not know this GPU, so the newest maintained branch
of the release that does is taken. Say `driver.branch` to decide it, and to keep it when the release changes.
""",
    severity=Severity.NOTE,
)
NO_DRIVER_FITS = define(
    "BP3163",
    "no-driver-fits",
    """
The release has no driver branch that knows this GPU. Use another release, or bring the driver with the node image
(`driver: {owner: host}`).
""",
)
INCOMPATIBLE = define(
    "BP3164",
    "incompatible",
    """
Values that are each allowed do not work together; a rule of the catalogue says which and why, and the note names its
source. The rules are data, in `blueprint/catalog/compatibility/`. A rule that nobody has verified gives a warning.
""",
)
MODULES_DOUBTED = define(
    "BP3165",
    "kernel-modules-doubtful",
    """
By what is generally known, but has not been verified, this GPU does not run with this kind of kernel modules.
`kernelModules: auto` chooses what fits.
""",
    severity=Severity.WARNING,
)
TOPOLOGY_LEVELS = define(
    "BP3170",
    "topology-levels",
    """
`cluster.topology` lists the levels of where nodes stand, widest first. Each is a node label, named once; the node
itself, `kubernetes.io/hostname`, can only be the last.
""",
)
TOPOLOGY_LEVEL_UNKNOWN = define(
    "BP3171",
    "unknown-topology-level",
    """
A pool says how many of its nodes stand in a domain of this level, and `cluster.topology` has no such level. Name it
there, with the other levels, widest first.
""",
)
TOPOLOGY_SIZES = define(
    "BP3172",
    "topology-sizes",
    """
The domains cannot be as large as is said: a narrower level holds more nodes than a wider one, or does not divide it,
or one domain holds more nodes than the pool ever has. Sizes are nodes per domain, widest level first: blocks of 32,
racks of 8.
""",
)
TOPOLOGY_UNEVEN = define(
    "BP3173",
    "topology-uneven",
    """
The pool's nodes do not fill whole domains, so one of them is smaller than the others. Workloads that ask for a whole
domain will find one less than it seems.
""",
    severity=Severity.WARNING,
)
NVLINK_DOMAIN_IMPOSSIBLE = define(
    "BP3175",
    "nvlink-domain-impossible",
    """
The NVLink domain cannot exist: the GPU has no NVLink between nodes, or the domain would hold more GPUs than NVLink
joins, or more nodes than the pool has. GB200 and GB300 racks join 18 nodes of 4 GPUs; HGX boards end at the node.
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
MANAGEMENT_PORTS = define(
    "BP3177",
    "management-ports-in-fabric",
    """
On boards with this GPU, NVSwitches are managed through ConnectX-7 cards whose ports look like those of an InfiniBand
fabric. The device plugin chooses cards by vendor and link layer, so pods may get ports that reach no other node. On a
node `grep -l SW_MNG /sys/class/infiniband/*/device/vpd` tells which they are. A patch of the policy's selectors keeps
them from pods, as does hiding them from the node's operating system. They do not belong in `network.nics`.
""",
    severity=Severity.WARNING,
)
KUBELET_CONFLICT = define(
    "BP3180",
    "kubelet-conflict",
    """
These settings of the kubelet do not work together: the kubelet would refuse to start, or one setting would have
nothing to act on. The static memory manager needs the static CPU manager's alignment, that is a topology manager
other than `none`.
""",
)
