"""Diagnostic codes for installations through the Operator Lifecycle Manager (BP328x, BP3290)."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

DECIDED_BY_BUNDLE = define(
    "BP3282",
    "decided-by-the-bundle",
    """
If an operator is installed through the Operator Lifecycle Manager, its own bundle defines its pods, not a manifest of
this tool. Settings that need such a manifest are refused instead of being silently ignored.
""",
)
ONLY_THROUGH_OLM = define(
    "BP3283",
    "only-through-olm",
    """
The setting configures the Operator Lifecycle Manager. On this distribution the component is installed by manifests, so it would have no effect.
""",
)
NO_FORM_FOR_OLM = define(
    "BP3284",
    "no-form-for-olm",
    """
The component cannot be installed on this distribution in this release. Its plain manifests would be refused by
OpenShift's admission, or conflict with an operator that is installed there already. Install it by other means and set
`ownership: external`, or omit it.
""",
)
SECRETS_OF_THE_CLUSTER = define(
    "BP3285",
    "pull-secrets-of-the-cluster",
    """
Pods installed through the Operator Lifecycle Manager do not use pull secrets of a blueprint, so a private registry
would work for some pods and not for others. OpenShift's nodes have their own pull secret, `pull-secret` in the
namespace `openshift-config`: credentials in it apply to every pod.
""",
)
MIRROR_OF_EVERYTHING = define(
    "BP3286",
    "mirror-of-everything",
    """
OpenShift's nodes are directed to mirrors by ImageDigestMirrorSet and ImageTagMirrorSet objects, whose sources are hosts
or `*.example.com`; there is none for all registries. Name each host: `nvcr.io` for the GPU Operator,
`registry.redhat.io` for images of Red Hat's catalogue, and `registry.connect.redhat.com` for the bundles of
certified operators.
""",
)
DRIVER_NOT_PINNED = define(
    "BP3287",
    "driver-not-pinned",
    """
On OpenShift the driver's image is named by the digest that the operator's bundle pins for its branch: tags are named
after a system's release, which `cluster.os: rhcos` does not contain. Use a branch whose digest the release contains,
and no exact version.
""",
)
APPROVED_BY_ITSELF = define(
    "BP3289",
    "approved-by-itself",
    """
With `installPlanApproval: Automatic` the Operator Lifecycle Manager installs every later version that appears in the
channel, without confirmation: the running version is then not the one that the release was tested with, and a new device
plugin reaches all GPU nodes at once. With `Manual` a person approves each install plan.
""",
    severity=Severity.WARNING,
)
RUNTIME_TOO_OLD = define(
    "BP3290",
    "runtime-too-old",
    """
The setting needs a newer container runtime than the one of this release of the distribution: pods would start
without their GPUs. OpenShift's CRI-O has the minor of its Kubernetes; NRI for the GPU Operator is known from CRI-O
1.34, which is OpenShift 4.21.
""",
)
