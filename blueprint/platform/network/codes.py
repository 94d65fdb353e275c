"""Diagnostic codes for the networks of pools (BP3300 to BP3329)."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

FABRIC_UNDECIDED = define(
    "BP3300",
    "fabric-undecided",
    """
The kind of the pool's network is unknown: `network.fabric` is not set, and it cannot be derived from an instance type.
All settings of network cards depend on it. Set `fabric`.
""",
)
FABRIC_ELSEWHERE = define(
    "BP3301",
    "fabric-elsewhere",
    """
The machines of this distribution never have this fabric: EFA is Amazon's, TCPX and TCPXO are
Google's, Azure has InfiniBand. Use a fabric that the cloud has, or another distribution.
""",
)
FABRIC_DISAGREES = define(
    "BP3302",
    "fabric-disagrees",
    """
The instance type has a different fabric than the blueprint declares. One of the two lines is wrong. If the catalogue's
value is not certain, this is a warning.
""",
)
FABRIC_DOUBTED = define(
    "BP3303",
    "fabric-doubtful",
    """
The catalogue lists no fast network for this instance type. Either it has none, which is usual for the smaller ones,
or the catalogue lacks it. If it has none, pods that request its resource stay pending.
""",
    severity=Severity.WARNING,
)
CARDS_TOO_MANY = define(
    "BP3304",
    "cards-too-many",
    """
The blueprint declares more network cards per node than the instance type can have. Pods that request all of them would
stay pending.
""",
)
OWNER_UNSUPPORTED = define(
    "BP3306",
    "network-owner-unsupported",
    """
This owner cannot provide the driver of the network cards for this fabric or distribution. The Network Operator supports
only NVIDIA's own cards, not those of EFA and TCPX; Google provides the drivers and plugins of its nodes.
""",
)
SERVER_ABSENT = define(
    "BP3307",
    "network-component-absent",
    """
A pool expects this component to manage its network cards, but the component is absent: no driver would be installed,
nothing would advertise the cards, and with `gpuDirect: peermem` the GPU driver would wait for an OFED that is never installed. Use `external` if it is installed by other means.
""",
)
RESOURCE_TAKEN = define(
    "BP3308",
    "resource-taken",
    """
The name belongs to GPUs or to Kubernetes itself, so the kubelet or another device plugin would conflict. Use
a name like `rdma/ib`, or one in your own domain.
""",
)
RESOURCE_FIXED = define(
    "BP3309",
    "resource-fixed",
    """
The device plugin of this fabric advertises a fixed resource name. Pods request
`vpc.amazonaws.com/efa`.
""",
)
RESOURCE_FORM = define(
    "BP3310",
    "resource-form",
    """
Resources other than `rdma/NAME` are allocated card by card by the SR-IOV device plugin, and the Network Operator
checks their names: the prefix must be a domain with a dot, and the name must not contain dashes.
""",
)
RESOURCE_TWO_FABRICS = define(
    "BP3311",
    "resource-two-fabrics",
    """
Two pools give the same resource to cards of different fabrics. Pods of one job may then land on both pools, where
they cannot reach each other. Use two resource names.
""",
)
DIRECT_WITHOUT_GPU = define(
    "BP3312",
    "gpudirect-without-gpu",
    """
GPUDirect, GDRCopy and GPUDirect Storage access GPU memory, and the pool has no GPUs.
""",
)
MODULE_NOT_OURS = define(
    "BP3313",
    "module-not-ours",
    """
nvidia-fs and gdrdrv are built and loaded by the GPU Operator's driver pod. If the host or the provider installs the driver there is no such pod, and the operator's settings for them have no effect. Install them with the node image.
""",
)
MODULE_PRECOMPILED = define(
    "BP3314",
    "module-precompiled",
    """
The GPU Operator refuses GDRCopy and GPUDirect Storage together with precompiled drivers: those images lack the modules. It would stay in state `notReady`.
""",
)
GDS_MODULES = define(
    "BP3315",
    "gds-needs-open-modules",
    """
nvidia-fs from 2.17.5 on works with the open kernel modules only, and the operator refuses an NVIDIADriver that has
others. GPUs before Turing have no open modules.
""",
)
DMABUF_MODULES = define(
    "BP3316",
    "dmabuf-needs-open-modules",
    """
Only the open kernel modules export GPU memory as dma-buf. With the proprietary ones the network falls back to
copies through the CPU's memory, without an error.
""",
)
DMABUF_KERNEL = define(
    "BP3317",
    "dmabuf-kernel",
    """
GPU memory can be exported as dma-buf from Linux 5.12 on, and this system has an older kernel. Use `peermem`, which is
the default there.
""",
)
PEERMEM_WITHOUT_OFED = define(
    "BP3318",
    "peermem-without-ofed",
    """
nvidia-peermem is built against DOCA-OFED. Nothing here installs it, and the cloud's driver is another one, so the GPU
driver would wait forever for another pod to become ready.
""",
)
DIRECT_DECIDED = define(
    "BP3319",
    "gpudirect-decided",
    """
How the cards of this pool reach GPU memory is decided by the fabric or by the cloud: EFA, TCPX and TCPXO have their own
mechanism, and the owner of the cards' driver controls it.
""",
)
GDS_WITHOUT_OFED = define(
    "BP3320",
    "gds-without-ofed",
    """
nvidia-fs is built against DOCA-OFED, which may not be on these nodes. If it is not, nvidia-fs does not
load and the validator of the GPU stack waits for it.
""",
    severity=Severity.WARNING,
)
GDS_SHARES_CARDS = define(
    "BP3321",
    "gds-shares-cards",
    """
With GPUDirect Storage the device plugin puts all RDMA devices of the node into every container that has a GPU, in
the whole cluster. Cards that are allocated individually are then no longer exclusive.
""",
    severity=Severity.WARNING,
)
MODULES_DIFFER = define(
    "BP3322",
    "modules-differ",
    """
`driverObjects: never` puts one driver into the ClusterPolicy, and with it one setting for all pools that controls
whether nvidia-fs, gdrdrv and nvidia-peermem are loaded. The pools need different settings.
""",
)
KUBELET_ELSEWHERE = define(
    "BP3323",
    "network-kubelet-elsewhere",
    """
The device plugins of the Network Operator mount `/var/lib/kubelet/device-plugins`, and no setting of the operator
changes that. With another directory the kubelet would never see the cards.
""",
)
SERVES_NO_POOL = define(
    "BP3324",
    "component-unused",
    """
The component is installed only if the network of a pool needs it, but none does: this has no effect.
""",
    severity=Severity.WARNING,
)
SETTING_IDLE = define(
    "BP3325",
    "network-setting-idle",
    """
The setting is about a part of the Network Operator that no pool uses. It would have no effect.
""",
)
SAFE_LOAD_ALONE = define(
    "BP3326",
    "safe-load-alone",
    """
Safe loading prevents a new driver from being loaded before pods have left the node; it is part of the automatic
upgrade. The operator refuses one without the other.
""",
)
IPAM_ALONE = define(
    "BP3327",
    "ipam-alone",
    """
nvidia-k8s-ipam gives addresses to the interfaces of secondary networks. The operator installs neither Multus nor the
plugins for them, so there are none unless they are installed by other means.
""",
    severity=Severity.WARNING,
)
MANAGEMENT_PORTS = define(
    "BP3177",
    "management-ports-in-fabric",
    """
On boards with this GPU, NVSwitches are managed through ConnectX-7 cards whose ports look like those of an InfiniBand
fabric. The device plugin chooses cards by vendor and link layer, so pods may get ports that reach no other node. On a
node `grep -l SW_MNG /sys/class/infiniband/*/device/vpd` tells which they are. To exclude them, patch the policy's
selectors, or hide them from the node's operating system. They do not belong in `network.nics`.
""",
    severity=Severity.WARNING,
)
