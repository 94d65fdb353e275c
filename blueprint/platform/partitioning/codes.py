"""Diagnostic codes for GPU partitioning and sharing (BP312x, BP313x, BP32xx)."""

from blueprint.diagnostics import Severity, define

MIG_UNSUPPORTED = define(
    "BP3120",
    "mig-unsupported",
    """
The GPU does not support Multi-Instance GPU (MIG), so it cannot be partitioned. The MIG manager would skip it, and pods would see whole GPUs. Share it by
time-slicing or MPS (`gpu.sharing`), or use a product that can be partitioned: A30, A100, H100, H200, B200 and their relatives.
""",
)
MIG_PROFILE_UNSUPPORTED = define(
    "BP3121",
    "mig-profile-unsupported",
    """
The GPU cannot be partitioned into instances of this profile. The part after the dot is memory, so products with more
memory have other names for the same slices: `1g.5gb` on an A100 with 40 GB is `1g.10gb` on one with 80 GB.
""",
)
MIG_TOO_MANY = define(
    "BP3122",
    "mig-too-many-instances",
    """
The layout has more instances of one profile than an empty GPU can hold. A profile with double memory, like
`1g.20gb` on a GPU with 80 GB, takes two of the eight memory slices, so that there are at most four.
""",
)
MIG_NO_ROOM = define(
    "BP3123",
    "mig-no-room",
    """
Each profile alone would fit, but not all of them together. A GPU has seven compute slices and eight memory slices (small ones
four and four); an instance takes some of both, and can start only at certain memory slices: `3g.40gb` takes four of them, at 0
or at 4. Instances are placed largest first; the message names the first one that does not fit.
""",
)
MIG_MEDIA_TWICE = define(
    "BP3124",
    "mig-media-twice",
    """
The layout has more than one instance with media engines. The GPU has one set of JPEG and optical flow engines, which
only one instance can use, with a profile ending in `+me`. Use the plain profile for the others.
""",
)
MIG_DEVICE_MISSING = define(
    "BP3125",
    "mig-device-missing",
    """
A layout names a GPU that the pool's nodes do not have. GPUs are numbered from 0, so the last is one less than `gpu.count`.
""",
)
MIG_DEVICE_TWICE = define(
    "BP3126",
    "mig-device-twice",
    """
The same GPU is partitioned by two layouts, or twice by one layout. List every GPU once; GPUs in no layout stay whole.
""",
)
MIG_NOT_SINGLE = define(
    "BP3127",
    "mig-not-single",
    """
Strategy `single` offers instances as `nvidia.com/gpu`, which works only if all GPUs of a node are partitioned into
instances of one profile: with several profiles the device plugin stops, and a whole GPU would be the same resource as a
slice. Use `mixed`, or partition all GPUs in the same way.
""",
)
MIG_STRATEGIES_DIFFER = define(
    "BP3128",
    "mig-strategies-differ",
    """
The GPU Operator has one MIG strategy for the whole cluster. Another pool requests `mixed`, or needs it because of how
it is partitioned, so this pool cannot have `single`. Omit its strategy: its instances are then
`nvidia.com/mig-PROFILE`, like those of the other.
""",
)
MIG_UNPROVEN = define(
    "BP3129",
    "mig-unproven",
    """
The hardware catalogue's facts about partitioning this GPU are not verified or missing, so it is unknown whether the layout is possible. If it is not, the MIG manager sets the node label `nvidia.com/mig.config.state` to `failed`. Compare with
`nvidia-smi mig -lgip` and `-lgipp` on such a GPU.
""",
    severity=Severity.WARNING,
)
MPS_ON_MIG = define(
    "BP3130",
    "mps-on-mig",
    """
The device plugin does not run MPS on MIG instances, nor on whole GPUs of a node that has some. Share by time-slicing, or leave the
GPUs of the pool whole.
""",
)
SHARED_IS_NOT_THERE = define(
    "BP3131",
    "shared-is-not-there",
    """
Time-slicing is declared for something that the pool's nodes do not offer: a profile that no layout has, or whole GPUs where all are
partitioned. The device plugin silently ignores such an entry. Under strategy `single` every instance is `gpu`.
""",
)
PARTITION_UNMANAGED = define(
    "BP3132",
    "partition-unmanaged",
    """
The pool's GPUs are to be partitioned or shared, but no component here renders the configuration of the MIG manager and
the device plugin: it belongs to the GPU Operator (sharing under `gpuStack: standalone`: to the device plugin), which is
not `managed`, or there is no MIG manager at all. The nodes' labels would name a configuration that does not exist.
""",
)
MIG_REBOOT = define(
    "BP3133",
    "mig-needs-reboot",
    """
GPUs of the Ampere generation change to MIG mode at a reset, and most clouds do not let a virtual machine reset them:
the MIG manager would wait forever. Let it reboot the node (`components.gpu-operator.settings.migReboot: true`), or
create nodes whose image has MIG mode enabled, and set `migReboot: false` to suppress this warning.
""",
    severity=Severity.WARNING,
)
PARTITION_LABEL_TAKEN = define(
    "BP3135",
    "partition-label-taken",
    """
The pool's selector sets the node label by which the MIG manager or the device plugin finds its configuration, and the pool declares
how its GPUs are partitioned or shared: two owners of one label. Select the nodes by your own label.
""",
)
LAYOUT_NOT_APPLIED = define(
    "BP3215",
    "no-mig-manager",
    """
The pool declares how its GPUs are partitioned, and no installed component can do it: without the GPU Operator there is no MIG
manager, and some node images partition GPUs at boot by their own settings.
""",
)
SHARING_NOT_APPLIED = define(
    "BP3216",
    "sharing-not-managed",
    """
How GPUs are shared is configuration of the device plugin, and the blueprint does not manage this pool's device plugin. The cloud's device plugin has its own settings for it, usually flags of the node pool.
""",
)
MPS_TOO_MANY = define(
    "BP3401",
    "mps-too-many-clients",
    """
Before Turing (compute capability 7.5) MPS has at most 16 clients on a GPU. The device plugin rejects a configuration
with more, and advertises no GPU at all. Share by time-slicing, or among fewer pods.
""",
)
