"""Codes of resolving a blueprint against the catalogue (BP3xxx)."""

from blueprint.diagnostics import Code, Severity, define

__all__ = ["Code"]

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
several exist: `H100-SXM5-80GB`, `H100-PCIe-80GB`, `L40S`.
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
One ClusterPolicy installs one driver on all nodes whose driver the operator owns, and these pools ask for different ones.
Pools with drivers of their own (NVIDIADriver objects) are not in this version yet. Give the pools one branch and one kind
of kernel modules, or install the driver of one of them on the host.
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
