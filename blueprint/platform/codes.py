"""Codes of resolving a blueprint against the catalogue (BP3xxx)."""

from blueprint.diagnostics import Code, Severity, define  # noqa: I001 - one name a line would make the file too long
from blueprint.platform import (
    dra_codes, machine_codes, network_codes, olm_codes, plausible_codes, sandbox_codes, watching_codes,
)  # fmt: skip

__all__ = ["Code", "dra_codes", "machine_codes", "network_codes", "olm_codes", "plausible_codes",
           "sandbox_codes", "watching_codes"]  # fmt: skip

UNKNOWN_RELEASE = define(
    "BP3001",
    "unknown-release",
    """
`spec.release` names no release that this version of the tool carries. A release is a tested set of component versions;
which ones there are is part of the tool, so that a blueprint means the same everywhere.
""",
)
KUBERNETES_UNSUPPORTED = define(
    "BP3002",
    "kubernetes-unsupported",
    """
The release is not supported on this Kubernetes minor by the vendor of its components. Use another release, or another
Kubernetes version; the message names what is supported, with the source.
""",
)
OS_UNSUPPORTED = define(
    "BP3003",
    "os-unsupported",
    """
The GPU Operator has no driver image for this operating system in this release, so pods of the driver would never start.
Use a supported system, or install the driver on the host (`driver: {owner: host}`).
""",
)
UNKNOWN_PRODUCT = define(
    "BP3101",
    "unknown-product",
    """
The hardware catalogue has no GPU product of this name. Names are those of the products with form factor and memory where
several exist: `H100-SXM5-80GB`, `H100-PCIe-80GB`, `L40S`. A product that the tool does not know yet is described in a
file of your own, which `spec.hardware` names.
""",
)
DRIVER_BRANCH_UNKNOWN = define(
    "BP3102",
    "driver-branch-unknown",
    """
The release carries no driver of this branch, so there is no exact version that the GPU Operator could be told to install.
""",
)
DRIVER_TOO_OLD = define(
    "BP3103",
    "driver-too-old",
    """
The GPU is newer than the driver branch: NVML would not find it, and the driver container would fail to start.
""",
)
KERNEL_MODULES_UNSUPPORTED = define(
    "BP3104",
    "kernel-modules-unsupported",
    """
The GPU does not run with this kind of kernel modules: Blackwell and Grace need the open ones, and GPUs before Turing the
proprietary ones. `kernelModules: auto` chooses what fits.
""",
)
DRIVERS_DIFFER = define(
    "BP3105",
    "drivers-differ",
    """
With `driverObjects: never` the ClusterPolicy alone says which driver the operator installs, and it can say only one; these
pools ask for different ones. Make them alike, hand one of them to the host, or leave `driverObjects` at its default: then each
pool gets an NVIDIADriver object of its own.
""",
)
GPU_MISSING = define(
    "BP3106",
    "gpu-missing",
    """
The pool has no `gpu`, but settings that only mean something for GPUs: a driver, or facts that a probe must find on GPUs.
Add `gpu`, or remove them.
""",
)
ECC_UNSUPPORTED = define(
    "BP3107",
    "ecc-unsupported",
    """
The pool expects ECC to be on, and this GPU has none. The probe could never find what is declared.
""",
)
POOLS_OVERLAP = define(
    "BP3108",
    "pools-overlap",
    """
Two pools select the same nodes: every label that one asks for is asked for by the other. A node would belong to both, with
two sets of taints and expectations. Give each pool a label value of its own.
""",
)
UNKNOWN_COMPONENT = define(
    "BP3201",
    "unknown-component",
    """
`spec.components` names a component that does not exist, or that the release does not hold.
""",
)
UNKNOWN_SETTING = define(
    "BP3202",
    "unknown-setting",
    """
The component has no setting of this name. `blueprint explain COMPONENT` lists what can be set; what no setting expresses can
be changed with a patch.
""",
)
SETTING_INVALID = define(
    "BP3203",
    "setting-invalid",
    """
The value of a component's setting has the wrong type, is outside of its bounds, or is none of those allowed.
""",
)
NOT_IN_RELEASE = define(
    "BP3207",
    "not-in-release",
    """
The blueprint asks for something that the release's version of a component cannot do. Each component's folder says for every
version but the newest what it lacks, read from that version's tag upstream; nothing that is asked for is silently left out.
Remove it, or name a later release: `blueprint diff` shows what that changes, also for the nodes.
""",
)
OWNERSHIP_UNSUPPORTED = define(
    "BP3204",
    "ownership-unsupported",
    """
The component cannot be owned in this way.
""",
)
NEED_ABSENT = define(
    "BP3205",
    "need-absent",
    """
A component that is rendered needs another one that is declared absent. It would be installed and never work. Let the other one
be `managed`, or `external` if somebody else installs it.
""",
)
NO_EFFECT = define(
    "BP3206",
    "no-effect",
    """
What is written here changes nothing: settings and patches of a component that is not `managed`, because nothing of it is
rendered, or kernel modules of a driver that the operator does not build. Remove it, or hand over the component or the driver.
""",
)
RELEASE_OLD_DRIVER = define(
    "BP3109",
    "driver-branch-ended",
    """
NVIDIA no longer maintains this driver branch in the month of the release. It still works, but gets no security fixes.
""",
    severity=Severity.WARNING,
)
DRIVER_OTHER_BRANCH = define(
    "BP3110",
    "driver-of-another-branch",
    """
`driver.branch` and `driver.version` name different branches: the branch is the first number of the version. Either alone is
enough; where both are given they must agree.
""",
)
PRECOMPILED_UNSUPPORTED = define(
    "BP3111",
    "precompiled-unsupported",
    """
Precompiled drivers are published for some operating systems, kernels and branches only, and are found by branch and kernel:
an exact version cannot be asked for. For any other combination the image would not exist, and the driver's pods would never
start. Let the operator build the modules on the nodes (`precompiled: false`), or choose a branch that is published.
""",
)
DRIVER_UNTESTED = define(
    "BP3112",
    "driver-version-untested",
    """
This exact driver version is none of those that the release was put together with. It may well work; nobody has said so. The
image with this tag must exist for the nodes' operating system.
""",
    severity=Severity.WARNING,
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
SYSTEM_NOT_RUN = define(
    "BP3210",
    "system-not-run",
    """
The distribution has no GPU node image with this operating system, or none that the GPU stack can run on. Who brings the driver,
and where its files are, follows from the image, so a platform for another one would not work.
""",
)
MODE_UNSUPPORTED = define(
    "BP3211",
    "ownership-mode-unsupported",
    """
Who brings driver, container toolkit and device plugin is not free to choose: each distribution with each node image has a few
modes that exclude each other, and this mix is none of them. Typical results of a wrong mix: two device plugins that replace each
other and hand out each other's GPUs, or pods that find no runtime named nvidia. The help lists the modes that there are.
""",
)
RUNTIME_CLASSES_DIFFER = define(
    "BP3212",
    "runtime-classes-differ",
    """
The GPU Operator runs all its pods with one RuntimeClass. On AKS the name of it follows from who brings the driver, so pools of
both kinds cannot be in one cluster: on half of the nodes no pod of the GPU stack would start.
""",
)
NO_OPERATOR = define(
    "BP3213",
    "no-operator",
    """
With `gpuStack: standalone` there is no GPU Operator: driver and container toolkit must be on the nodes already. Say who brings
them, `host` or `provider`, or use `gpuStack: clusterPolicy`.
""",
)
MIG_UNSUPPORTED = define(
    "BP3120",
    "mig-unsupported",
    """
The GPU has no Multi-Instance GPU: it cannot be cut. The MIG manager would skip it, and pods would see whole GPUs. Share it by
time-slicing or MPS (`gpu.sharing`), or use a product that can be cut: A30, A100, H100, H200, B200 and their relatives.
""",
)
MIG_PROFILE_UNSUPPORTED = define(
    "BP3121",
    "mig-profile-unsupported",
    """
The GPU cannot be cut into instances of this profile. The part behind the dot is memory, so products with more memory have
other names for the same slices: `1g.5gb` on an A100 with 40 GB is `1g.10gb` on one with 80 GB.
""",
)
MIG_TOO_MANY = define(
    "BP3122",
    "mig-too-many-instances",
    """
More instances of one profile than the GPU can hold even if there is nothing else on it. A profile with double memory, like
`1g.20gb` on a GPU with 80 GB, takes two of the eight memory slices, so that there are at most four.
""",
)
MIG_NO_ROOM = define(
    "BP3123",
    "mig-no-room",
    """
Each profile alone would fit, but not all of them together. A GPU has seven compute slices and eight memory slices (small ones
four and four); an instance takes some of both, and can start only at certain memory slices: `3g.40gb` takes four of them, at 0
or at 4. Placed largest first, the message names the first instance that is left without a place.
""",
)
MIG_MEDIA_TWICE = define(
    "BP3124",
    "mig-media-twice",
    """
More than one instance with media engines. The GPU has one set of JPEG and optical flow engines to give, and one instance, of a
profile ending in `+me`, can have it. Use the plain profile for the others.
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
Two layouts, or one layout twice, say how the same GPU is cut. Name every GPU once; those that no layout names stay whole.
""",
)
MIG_NOT_SINGLE = define(
    "BP3127",
    "mig-not-single",
    """
Strategy `single` offers instances as `nvidia.com/gpu`, which works only if all GPUs of a node are cut into instances of one
profile: with several the device plugin stops, and a whole GPU beside them would be the same resource as a slice. Use `mixed`, or
cut all GPUs alike.
""",
)
MIG_STRATEGIES_DIFFER = define(
    "BP3128",
    "mig-strategies-differ",
    """
The GPU Operator has one MIG strategy for the whole cluster. Another pool asks for `mixed`, or needs it because of how it is cut, so
this pool cannot have `single`. Leave its strategy out: its instances are then `nvidia.com/mig-PROFILE`, like those of the other.
""",
)
MIG_UNPROVEN = define(
    "BP3129",
    "mig-unproven",
    """
What the hardware catalogue knows of cutting this GPU is not verified, or it knows nothing, so that nobody can tell whether the
layout is possible. If it is not, the MIG manager sets the node label `nvidia.com/mig.config.state` to `failed`. Compare with
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
cut. The device plugin ignores such an entry without a word. Under strategy `single` every instance is `gpu`.
""",
)
PARTITION_UNMANAGED = define(
    "BP3132",
    "partition-unmanaged",
    """
The pool's GPUs are to be cut or shared, but nobody here writes what the MIG manager and the device plugin read to do so: it belongs to
the GPU Operator (sharing under `gpuStack: standalone`: to the device plugin), and that is not `managed`, or there is no MIG manager
at all. The nodes' labels would name a configuration that does not exist.
""",
)
MIG_REBOOT = define(
    "BP3133",
    "mig-needs-reboot",
    """
GPUs of the Ampere generation take on MIG mode at a reset, and most clouds do not let a virtual machine reset them: the MIG manager
would wait for ever. Let it reboot the node (`components.gpu-operator.settings.migReboot: true`), or make nodes whose image has
MIG mode on already, and set that to false to keep things as they are.
""",
    severity=Severity.WARNING,
)
PARTITION_LABEL_TAKEN = define(
    "BP3135",
    "partition-label-taken",
    """
The pool's selector sets the node label by which the MIG manager or the device plugin finds its configuration, and the pool declares
how its GPUs are cut or shared: two owners of one label. Select the nodes by a label of your own.
""",
)
NOT_IN_STACK = define(
    "BP3214",
    "not-in-this-stack",
    """
The component, or the section that it carries out, has no place in the chosen `gpuStack`, so nothing would be made of what is
written here. `clusterPolicy` is the GPU Operator; `standalone` is device plugin, feature discovery and exporter without it.
""",
)
NOBODY_CUTS = define(
    "BP3215",
    "nobody-cuts",
    """
The pool declares how its GPUs are cut, and nothing that is installed could do it: without the GPU Operator there is no MIG
manager, and some node images cut GPUs by settings of their own at boot.
""",
)
NOBODY_SHARES = define(
    "BP3216",
    "nobody-shares",
    """
How GPUs are shared is configuration of the device plugin, and the device plugin of this pool is not ours. The cloud's own has its
own settings for it, usually flags of the node pool.
""",
)
SETTING_UNUSED = define(
    "BP3217",
    "setting-unused",
    """
The setting is about the driver, the container toolkit or the device plugin of the GPU Operator, and no pool leaves that to the
operator. It would change nothing.
""",
)
SCRAPE_TOO_SLOW = define(
    "BP3218",
    "scrape-too-slow",
    """
Prometheus refuses a monitor whose scrape timeout is longer than its interval, and then asks nothing at all.
""",
)
TOOLKIT_VARIABLE = define(
    "BP3219",
    "toolkit-variable",
    """
The distribution decides this variable of the container toolkit, or breaks with it: on k3s and RKE2 the toolkit must be told the
socket of containerd and nothing else, since `CONTAINERD_CONFIG` makes it write a file that containerd never reads.
""",
)
