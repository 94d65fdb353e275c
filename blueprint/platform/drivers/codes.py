"""Diagnostic codes of GPU drivers (BP31xx, BP32xx)."""

from blueprint.diagnostics import Severity, define

DRIVER_BRANCH_UNKNOWN = define(
    "BP3102",
    "driver-branch-unknown",
    """
The release has no driver of this branch, so there is no exact version for the GPU Operator to install.
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
With `driverObjects: never` the ClusterPolicy alone selects the driver that the operator installs, and it can select
only one; these pools need different drivers. Use one driver for all, let the host provide one of them, or leave
`driverObjects` at its default: then each pool gets its own NVIDIADriver object.
""",
)
RELEASE_OLD_DRIVER = define(
    "BP3109",
    "driver-branch-ended",
    """
NVIDIA had stopped maintaining this driver branch when the release was made. It still works, but gets no security fixes.
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
an exact version cannot be requested. For any other combination the image would not exist, and the driver's pods would never
start. Let the operator build the modules on the nodes (`precompiled: false`), or choose a branch that is published.
""",
)
DRIVER_UNTESTED = define(
    "BP3112",
    "driver-version-untested",
    """
This exact driver version is not one that the release was tested with. It may work; it is not verified. The
image with this tag must exist for the nodes' operating system.
""",
    severity=Severity.WARNING,
)
MODE_UNSUPPORTED = define(
    "BP3211",
    "ownership-mode-unsupported",
    """
The providers of driver, container toolkit and device plugin cannot be combined freely: each distribution and node image supports a few modes, and this combination is not one of them. Typical results of a wrong combination: two device plugins that replace each
other and allocate each other's GPUs, or pods that find no runtime named nvidia. The help lists the supported modes.
""",
)
RUNTIME_CLASSES_DIFFER = define(
    "BP3212",
    "runtime-classes-differ",
    """
The GPU Operator runs all its pods with one RuntimeClass. On AKS its name depends on who provides the driver, so pools of both kinds cannot be in one cluster: on half of the nodes no pod of the GPU stack would start.
""",
)
NO_OPERATOR = define(
    "BP3213",
    "no-operator",
    """
With `gpuStack: standalone` there is no GPU Operator: driver and container toolkit must be on the nodes already. Declare who provides them, `host` or `provider`, or use `gpuStack: operator`.
""",
)
DRIVER_TOO_NEW = define(
    "BP3160",
    "driver-too-new",
    """
New driver branches drop old GPUs: the driver would load and not find this one. Choose a branch that still supports it; if other pools need a newer one, give each pool its own (`driver.branch`), since nodes need not run the same
driver.
""",
)
DRIVER_DOUBTED = define(
    "BP3161",
    "driver-doubtful",
    """
According to unverified sources, this driver does not support the GPU. An unsupported driver does not find it. Check the release notes of the driver.
""",
    severity=Severity.WARNING,
)
DRIVER_CHOSEN = define(
    "BP3162",
    "driver-branch-chosen",
    """
No driver branch is set, and the release's default branch does not support this GPU, so the newest maintained branch of
the release that does is used. Set `driver.branch` to choose it yourself, and to keep it when the release changes.
""",
    severity=Severity.NOTE,
)
NO_DRIVER_FITS = define(
    "BP3163",
    "no-driver-fits",
    """
The release has no driver branch that supports this GPU. Use another release, or install the driver with the node image
(`owner: {driver: host}`).
""",
)
IMAGE_UNPUBLISHED = define(
    "BP3400",
    "driver-image-unpublished",
    """
NVIDIA publishes driver images by branch and operating system, but not for all combinations. No image of this branch exists for the nodes'
system, so pods of the driver could not pull it. Choose a branch that has one, or another operating system; or install the driver with the node image (`owner: {driver: host}`).
""",
)
MODULES_DOUBTED = define(
    "BP3165",
    "kernel-modules-doubtful",
    """
According to unverified sources, this GPU does not run with this kind of kernel modules.
`kernelModules: auto` chooses what fits.
""",
    severity=Severity.WARNING,
)
