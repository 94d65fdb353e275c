"""Codes of the DRA stack, `gpuStack: gpuCluster` (BP3220 to BP3234)."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

DRA_KUBERNETES = define(
    "BP3220",
    "dra-kubernetes-too-old",
    """
With `gpuStack: gpuCluster` pods claim GPUs through Dynamic Resource Allocation, whose API `resource.k8s.io/v1` exists
from Kubernetes 1.34 on; NVIDIA supports it for GPUs from 1.34.2 on. Where a blueprint says only `1.34`, the patch
becomes a prerequisite. Upgrade the cluster, or use `gpuStack: clusterPolicy`.
""",
)
DRA_NOT_THERE = define(
    "BP3221",
    "dra-not-there",
    """
The GPU Operator's DRA stack cannot be used here. On GKE and Bottlerocket the provider's own device plugin comes with
the node and NVIDIA documents no procedure for a GPUCluster; EKS Auto Mode has no DRA; on OpenShift the operator's
bundle is installed with a ClusterPolicy, and nothing else is rendered for it; older releases of the GPU Operator do
not know the kind at all. Use `gpuStack: clusterPolicy`, or `standalone` where the provider brings the stack.
""",
)
DRA_NO_TOOLKIT = define(
    "BP3222",
    "dra-no-toolkit",
    """
Under `gpuStack: gpuCluster` the GPU Operator installs no container toolkit and changes no container runtime: devices
reach pods by CDI, which the runtime of the nodes must take by itself. Say `host` or `provider`, or nothing; the
prerequisites then say what the runtime must be.
""",
)
DRA_TWO_ADVERTISERS = define(
    "BP3223",
    "dra-beside-device-plugin",
    """
The DRA driver publishes every GPU of the nodes. A device plugin on the same nodes advertises them a second time, and
the scheduler hands each GPU out twice: NVIDIA does not support that. Under `gpuStack: gpuCluster` nobody runs a
device plugin.
""",
)
DRA_NO_SHARING = define(
    "BP3224",
    "dra-shares-by-claim",
    """
`gpu.sharing` is configuration of the device plugin, which does not exist under `gpuStack: gpuCluster`. There it is
the claim that says how a device is shared: one claim that several pods refer to, or a claim with time slices
(`TimeSlicingSettings`) or MPS (`MPSSupport`), or amounts of a device (`ConsumableShares`). Those are gates of the DRA
driver, `draFeatureGates` of gpu-operator.
""",
)
DRA_NO_MIG_MANAGER = define(
    "BP3225",
    "dra-cuts-nothing",
    """
Under `gpuStack: gpuCluster` there is no MIG manager. `gpu.mig` then says how somebody else has cut the GPUs before
the DRA driver starts: it is checked and becomes a prerequisite and an expectation of the node probe, and the driver
publishes the instances that it finds when it starts. With the gate `DynamicMIG` GPUs are cut when an instance is
claimed, and a layout made beforehand would be a second owner of the same thing.
""",
    severity=Severity.NOTE,
)
DRA_TWO_CUTTERS = define(
    "BP3226",
    "dra-two-cutters",
    """
The gate `DynamicMIG` lets the DRA driver cut GPUs when an instance is claimed, and take the instances away again. A
layout in `gpu.mig` is somebody else's claim on the same GPUs. Keep one of the two.
""",
)
GATE_UNKNOWN = define(
    "BP3227",
    "feature-gate-unknown",
    """
The DRA driver of this release does not know the feature gate, and does not start with a name that it does not know.
Gates come with versions of the driver; the help lists those of this one.
""",
)
GATES_CONFLICT = define(
    "BP3228",
    "feature-gates-conflict",
    """
The DRA driver does not start with these feature gates together: one excludes the other, or needs one that is closed.
All GPU nodes would lose their GPUs at the next rollout. Where only the documentation advises against it, this is a
warning.
""",
)
GATE_NEEDS_CLUSTER = define(
    "BP3229",
    "feature-gate-needs-cluster",
    """
The feature gate of the DRA driver needs one of Kubernetes that is not open by itself in this version: without it the
API server drops what the driver publishes, and pods stay pending. On a control plane of one's own it becomes a
prerequisite and this is a warning; on a managed one nobody can open it, so it is an error.
""",
)
GATE_USELESS = define(
    "BP3230",
    "feature-gate-useless",
    """
The feature gate changes nothing here: it belongs to compute domains, which are off, or needs a variable that is not
set, or cuts GPUs that cannot be cut.
""",
    severity=Severity.WARNING,
)
SETTING_OF_ANOTHER_STACK = define(
    "BP3231",
    "setting-of-another-stack",
    """
The setting is about a part of the GPU Operator that this `gpuStack` does not have, so it would change nothing: a
GPUCluster has no container toolkit, device plugin, feature discovery, MIG manager or node status exporter, and a
ClusterPolicy has no DRA driver.
""",
)
LABEL_NEVER_SET = define(
    "BP3232",
    "label-of-nobody",
    """
GPU feature discovery sets this label, and under `gpuStack: gpuCluster` there is none: no node would ever belong to
the pool. Select nodes by a label that whoever makes them sets, or by one of Node Feature Discovery.
""",
)
DOMAINS_OFF = define(
    "BP3233",
    "compute-domains-off",
    """
The pool's nodes are joined by NVLink, and compute domains are switched off: nobody labels the nodes with their
domain, and pods on several nodes cannot share memory. Leave `computeDomains` at its default, which switches them on
where a pool declares nvlinkDomain.
""",
    severity=Severity.WARNING,
)
DRA_PORTS = define(
    "BP3234",
    "dra-health-ports",
    """
The two containers of the DRA driver share one pod, so each needs a port of its own for its health; and a port means
nothing where health is not asked for.
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
