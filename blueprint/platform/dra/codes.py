"""Diagnostic codes of Dynamic Resource Allocation (BP3220 to BP3234, BP3340 to BP3349, BP3361, BP3390 to BP3395)."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

DRA_KUBERNETES = define(
    "BP3220",
    "dra-kubernetes-too-old",
    """
With `allocation: dra` pods claim GPUs through Dynamic Resource Allocation, whose API `resource.k8s.io/v1` exists from
Kubernetes 1.34 on; NVIDIA supports it for GPUs from 1.34.2 on. If a blueprint declares only `1.34`, the patch version
becomes a prerequisite. Upgrade the cluster, or use `allocation: devicePlugin`.
""",
)
DRA_NOT_THERE = define(
    "BP3221",
    "dra-not-there",
    """
The DRA driver cannot be used here. On GKE NVIDIA documents no procedure for a GPUCluster of the GPU Operator;
`gpuStack: standalone` runs the driver there without it. On Bottlerocket the provider's own device plugin comes with the
node; EKS Auto Mode has no DRA; on OpenShift the operator's bundle is installed with a ClusterPolicy only; older
releases of the GPU Operator do not have the kind GPUCluster at all. Use `allocation: devicePlugin`.
""",
)
DRA_NO_TOOLKIT = define(
    "BP3222",
    "dra-no-toolkit",
    """
Under `allocation: dra` the GPU Operator installs no container toolkit and changes no container runtime: devices reach pods by CDI, which the nodes' runtime must support. Use `host` or `provider`, or leave it out; the prerequisites then name the runtime.
""",
)
DRA_TWO_ADVERTISERS = define(
    "BP3223",
    "dra-beside-device-plugin",
    """
The DRA driver publishes every GPU of the nodes. A device plugin on the same nodes advertises them a second time, and
the scheduler allocates each GPU twice: NVIDIA does not support this. Under `allocation: dra` no pool runs a device
plugin.
""",
)
DRA_NO_SHARING = define(
    "BP3224",
    "dra-shares-by-claim",
    """
`gpu.sharing` is configuration of the device plugin, which does not exist under `allocation: dra`. There the claim decides how a device is shared: one claim that several pods refer to, or a claim with time slices
(`TimeSlicingSettings`) or MPS (`MPSSupport`), or amounts of a device (`ConsumableShares`). Those are feature gates of the DRA
driver, `draFeatureGates` of gpu-operator.
""",
)
DRA_NO_MIG_MANAGER = define(
    "BP3225",
    "dra-partitions-nothing",
    """
Under `allocation: dra` there is no MIG manager. `gpu.mig` then describes how the GPUs are partitioned by other means before the DRA driver starts: it is checked and becomes a prerequisite and an expectation of the node probe, and the driver
publishes the instances that it finds when it starts. With the feature gate `DynamicMIG` GPUs are partitioned when an instance is
claimed, and a layout made beforehand would be a second owner of the same thing.
""",
    severity=Severity.NOTE,
)
DRA_TWO_CUTTERS = define(
    "BP3226",
    "dra-two-mig-owners",
    """
The feature gate `DynamicMIG` lets the DRA driver partition GPUs when an instance is claimed, and take the instances away again. A
layout in `gpu.mig` would control the same GPUs. Keep one of the two.
""",
)
GATE_UNKNOWN = define(
    "BP3227",
    "feature-gate-unknown",
    """
The DRA driver of this release does not have this feature gate, and does not start with an unknown one. Feature gates
depend on the driver version; the help lists those of this version.
""",
)
GATES_CONFLICT = define(
    "BP3228",
    "feature-gates-conflict",
    """
The DRA driver does not start with these feature gates together: they are mutually exclusive, or one needs another that
is disabled. All GPU nodes would lose their GPUs at the next rollout. Where only the documentation advises against it,
this is a warning.
""",
)
GATE_NEEDS_CLUSTER = define(
    "BP3229",
    "feature-gate-needs-cluster",
    """
The DRA driver's feature gate needs a Kubernetes feature gate that is not enabled by default in this version: without it the
API server drops what the driver publishes, and pods stay pending. On a self-managed control plane this becomes a prerequisite and a warning; on a managed one it cannot be enabled, so it is an error.
""",
)
GATE_USELESS = define(
    "BP3230",
    "feature-gate-useless",
    """
The feature gate has no effect here: it belongs to compute domains, which are off, or needs a variable that is not
set, or partitions GPUs that cannot be partitioned.
""",
    severity=Severity.WARNING,
)
SETTING_OF_ANOTHER_STACK = define(
    "BP3231",
    "setting-of-another-stack",
    """
The setting is about a part of the GPU Operator that this stack does not have, so it would have no effect: a GPUCluster has no container toolkit, device plugin, feature discovery, MIG manager or node status exporter, and a
ClusterPolicy has no DRA driver.
""",
)
LABEL_NEVER_SET = define(
    "BP3232",
    "label-never-set",
    """
GPU feature discovery sets this label, and under `allocation: dra` there is none: no node would ever belong to
the pool. Select nodes by a label that the node provisioner sets, or by one of Node Feature Discovery.
""",
)
DOMAINS_OFF = define(
    "BP3233",
    "compute-domains-off",
    """
The pool's nodes are joined by NVLink, but compute domains are disabled: the nodes are not labelled with their domain,
and pods on several nodes cannot share memory. Leave `computeDomains` at its default, which enables them if a pool
declares nvlinkDomain.
""",
    severity=Severity.WARNING,
)
DRA_PORTS = define(
    "BP3234",
    "dra-health-ports",
    """
The two containers of the DRA driver share one pod, so each needs a separate health port; and a port has no effect where health checks are off.
""",
)
CUT_ON_DEMAND_AT_A_RESET = define(
    "BP3361",
    "dynamic-mig-needs-a-reset",
    """
GPUs of the Ampere generation change their MIG mode at a reset, and the DRA driver that partitions GPUs on demand does
not reset them. Claims of instances then wait on nodes whose GPUs started with MIG off. Enable MIG beforehand, or leave
the feature gate disabled.
""",
    severity=Severity.WARNING,
)

SLICE_TOO_LONG = define(
    "BP3385",
    "slice-too-long",
    """
The DRA driver publishes all GPUs and MIG instances of a node in one ResourceSlice. From Kubernetes 1.35 on, a slice
holds at most 64 devices if any of them has taints, counters or list attributes; the driver does not split them into
several slices. With the feature gate `NVMLDeviceHealthCheck` the driver publishes the devices until the first one
fails; then the slice with its taint is refused, and the failed device stays allocatable. With `DRAListTypeAttributes`
it is refused from the start. Partition fewer GPUs of each node, or disable the feature gate.
""",
)
SLICE_COUNTER_SETS = define(
    "BP3386",
    "slice-counter-sets",
    """
With the feature gate `DynamicMIG` the DRA driver publishes one set of counters for each GPU that can be partitioned, all in one ResourceSlice from
Kubernetes 1.35 on. The API server accepts at most 8 sets in one, so on nodes with more GPUs the driver publishes nothing. Disable the feature gate
for such nodes, and partition them beforehand.
""",
)
API_NOT_SERVED = define(
    "BP3390",
    "resource-api-not-served",
    """
`resourceApiVersion` is a version of `resource.k8s.io` that this Kubernetes does not serve, or serves only where its API server
enables it: beta versions of an API are disabled by default. Without the setting, the newest served version is used.
""",
)
WEBHOOK_CERTIFICATE = define(
    "BP3391",
    "webhook-certificate",
    """
The API server calls the DRA driver's webhook over TLS and rejects every claim while it cannot (`webhookFailurePolicy:
Fail`). With a certificate of your own (`webhookTlsSecret`) it needs the CA certificates, `webhookCaBundle`: PEM, in
base64. Without `webhookTlsSecret`, cert-manager issues the certificate and adds the CA bundle.
""",
)
DOMAIN_TOO_LARGE = define(
    "BP3392",
    "compute-domain-too-large",
    """
A compute domain joins at most as many nodes as the DRA driver is configured with, 18 by default: the pool's NVLink domain has more.
Set `MAX_NODES_PER_IMEX_DOMAIN` in `computeDomainsControllerEnv` to that number.
""",
)
DOMAIN_NAMESPACE = define(
    "BP3393",
    "compute-domain-namespace",
    """
`computeDomainNamespaces` names further namespaces in which an earlier installation of the DRA driver left DaemonSets of compute
domains. The driver's namespace is always included, and the system namespaces of Kubernetes never contain any.
""",
)
DOMAIN_BESIDE_CLAIMS = define(
    "BP3340",
    "compute-domain-beside-claims",
    """
Pods claim the GPUs of one pool and request those of another by number. The DRA driver runs only on the nodes of the
first pool, because the same pods publish GPUs and join compute domains: on the other pool's nodes, GPUs would be
allocated twice. So nodes with a device plugin join no compute domain here. Let pods claim the GPUs of this pool too
(`allocation: dra`), or of no pool: then the driver runs only for compute domains.
""",
)
DOMAINS_TWICE = define(
    "BP3341",
    "compute-domains-declared-twice",
    """
`spec.computeDomains` decides whether nodes are joined into compute domains, and the component's setting
`computeDomains` does the same. One of the two would have no effect. Keep `spec.computeDomains`.
""",
)
DOMAINS_WITHOUT_DRIVER = define(
    "BP3342",
    "compute-domains-without-driver",
    """
With a ClusterPolicy (`gpuStack: operator` with `allocation: devicePlugin`) compute domains need NVIDIA's DRA driver as
a separate component, with privileged pods. This distribution does not admit them: nothing here creates the objects that
would allow them. Remove `computeDomains`.
""",
)
DOMAIN_DRIVER_ROOTS = define(
    "BP3343",
    "compute-domain-driver-roots",
    """
The DRA driver is one DaemonSet, which looks for the NVIDIA driver in one directory: that of the operator's driver
container, or the root of the host (on GKE the provider's directory). Its pods wait until they find it, so on nodes with
the driver elsewhere they would wait forever. Let the same owner install the driver in all pools that join compute
domains. If any pool has `nvlinkDomain`, only such pools join.
""",
)
DOMAINS_NEED_CDI = define(
    "BP3344",
    "compute-domains-need-cdi",
    """
The DRA driver gives pods their channels through the Container Device Interface (CDI). The operator's container toolkit enables it in the container runtime,
unless its setting `cdi` is false. Some runtimes enable it by default (containerd from 2.0 on), so this is a warning.
""",
    severity=Severity.WARNING,
)
DRIVER_IDLE = define(
    "BP3394",
    "dra-driver-idle",
    """
The component `dra-driver-nvidia-gpu` has nothing to do: the device plugin allocates the GPUs (`allocation: devicePlugin`), and no
nodes are joined into compute domains. Declare `nvlinkDomain` in a pool, set `allocation: dra`, or remove the component.
""",
)
DOMAINS_NEED_DRA = define(
    "BP3395",
    "compute-domains-need-dra",
    """
Compute domains are claimed through Dynamic Resource Allocation, even if a device plugin allocates GPUs. Kubernetes
enables it by default from 1.34 on. In earlier versions, API server, scheduler, controller manager and kubelets need the
feature gate DynamicResourceAllocation, and the API server the version of `resource.k8s.io`; on a managed control plane
neither can be set.
""",
)
