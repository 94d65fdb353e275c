"""Diagnostic codes of the cluster: Kubernetes version, operating system, registries (BP30xx, BP32xx, BP33xx)."""

from blueprint.diagnostics import Severity, define

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
Use a supported system, or install the driver on the host (`owner: {driver: host}`). Images for Red Hat Enterprise Linux
and Rocky Linux are published per major version: a minor version that NVIDIA does not test is a warning.
""",
)
SYSTEM_NOT_RUN = define(
    "BP3210",
    "system-not-run",
    """
The distribution has no GPU node image with this operating system, or none that the GPU stack can run on. The image decides who provides the driver and where its files are, so a platform for another image would not work.
""",
)
LISTED_TWICE = define(
    "BP3355",
    "listed-twice",
    """
The list has the same entry twice. The API identifies such entries by name and rejects the object, or uses one of the
two.
""",
)
MIRROR_UNUSED = define(
    "BP3356",
    "mirror-unused",
    """
No image of the platform comes from this registry, so the mirror has no effect. If the name is misspelt, images are pulled from the original registry.
""",
    severity=Severity.WARNING,
)
NO_SUCH_RELEASE = define(
    "BP3280",
    "distribution-without-kubernetes",
    """
Each release of this distribution has one Kubernetes minor, and the blueprint's release supports no release of the distribution with this minor. Use the minor of the release that the cluster runs, or will run: OpenShift 4.20 is
Kubernetes 1.33, 4.21 is 1.34, 4.22 is 1.35.
""",
)
STACK_NOT_RUN = define(
    "BP3281",
    "stack-not-run",
    """
The distribution cannot run this GPU stack in this release. On OpenShift a privileged pod needs a
SecurityContextConstraints that admits it; the GPU Operator makes those of its own operands, and components installed
without it would never start.
""",
)
KUBELET_ELSEWHERE = define(
    "BP3288",
    "kubelet-elsewhere",
    """
The kubelet's directory cannot be chosen on this distribution, and the operator would look for the pods' devices in an
empty directory.
""",
)
