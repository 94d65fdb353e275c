"""Diagnostic codes of nodes that run virtual machines."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

WORKLOAD_UNKNOWN = define(
    "BP3370",
    "workload-unknown",
    """
Nodes run `container` or `vm-passthrough`: the label `nvidia.com/gpu.workload.config` selects one. The operator warns of other
values in its log and then applies `defaultWorkload`. `vm-vgpu` is for KubeVirt, which the platform does not have:
Kata passes whole GPUs through.
""",
)
WORKLOAD_UNUSED = define(
    "BP3371",
    "workload-unused",
    """
The pool's nodes are marked for virtual machines, but `sandboxWorkloads` of the GPU Operator is off (or the stack has no
such setting). The operator then ignores the label and prepares the nodes for containers: it installs driver, container
toolkit and device plugin.
""",
)
GPUS_OF_VIRTUAL_MACHINES = define(
    "BP3372",
    "gpus-of-virtual-machines",
    """
The GPUs of a node that runs virtual machines are passed through to those. No driver, device plugin or exporter of the
platform runs there, and `nvidia.com/gpu` is not offered. A pool of such nodes with `gpu` must also have `kata`, which
determines label, operands, RuntimeClass and expectations. Without `kata` it must not have `gpu`. If the nodes are to
run containers, change the label.
""",
)
NO_NODE_FOR_MACHINES = define(
    "BP3373",
    "no-node-for-virtual-machines",
    """
`sandboxWorkloads` is on, but no pool's nodes are marked for virtual machines, so the setting has no effect.
Select a pool by `nvidia.com/gpu.workload.config: vm-passthrough`; the node provisioner gives them that label.
""",
    severity=Severity.WARNING,
)
PASSED_GPUS_NOT_ADVERTISED = define(
    "BP3374",
    "nobody-advertises-passed-gpus",
    """
Kata's device plugin advertises the GPUs that are passed through to virtual machines. Without it pods that request one stay Pending, unless another plugin advertises them.
""",
    severity=Severity.WARNING,
)
KATA_WITHOUT_OPERATOR = define(
    "BP3500",
    "kata-without-operator",
    """
The GPU Operator's operands pass GPUs to virtual machines, but only under a ClusterPolicy: they bind GPUs to vfio-pci,
switch their confidential mode and advertise them. Without the operator, or if pods claim devices, nothing does this:
Kata does not pass claimed devices to its virtual machines. Set `gpuStack: operator` and `allocation: devicePlugin`, or
remove the pool's `gpu`: Kata without GPUs needs no operator.
""",
)
KATA_WITHOUT_CONTAINERD = define(
    "BP3501",
    "kata-without-containerd",
    """
Kata needs containerd, but this distribution has another container runtime. OpenShift has its own operator for sandboxed
containers, which is not part of the platform.
""",
)
DIVIDED_AND_PASSED = define(
    "BP3502",
    "divided-and-passed",
    """
A virtual machine gets whole GPUs: the node has no driver that could partition them, and no device plugin that could
share them. Remove `mig` or `sharing`, or let the pool run containers. A pool is either one or the other: all GPUs of a
node go to virtual machines, or none.
""",
)
HANDLER_FOR_OTHER_PROCESSORS = define(
    "BP3503",
    "handler-for-other-processors",
    """
Kata has no such handler for the processors of these nodes: SEV-SNP and TDX exist only on amd64, and on arm64 only the
Rust runtime passes GPUs through.
""",
)
MODE_CONTRADICTS = define(
    "BP3504",
    "confidential-mode-contradicts",
    """
The confidential mode of GPUs and the handler belong together: a confidential handler selects nodes whose GPUs are in a confidential mode, every
other one those whose GPUs are not. Otherwise no node is selected, and pods stay Pending. Without GPUs there is no mode to set.
""",
)
GPU_NOT_CONFIDENTIAL = define(
    "BP3505",
    "gpu-not-confidential",
    """
The GPU does not support this confidential mode. Confidential computing needs a GPU of the Hopper or Blackwell
generation; `ppcie` (protected PCIe) needs a Hopper board with NVSwitches. On Blackwell several GPUs go to one machine
in mode `on`.
""",
)
ENCRYPTION_OF_OTHER_PROCESSORS = define(
    "BP3506",
    "encryption-of-other-processors",
    """
SEV-SNP is a feature of AMD processors, TDX of Intel processors. The pool is selected by a label that only nodes of the
other vendor have, so its RuntimeClass selects none of them.
""",
)
NOTHING_FOR_CONTAINERS = define(
    "BP3507",
    "nothing-for-containers",
    """
On nodes whose GPUs go to virtual machines there is no driver, no container toolkit and no device plugin for containers:
the guest brings its own driver. These settings of the pool have no effect, and NVML, which reports ECC and persistence
mode, is available only in the guest. `poolDefaults` may have them, for other pools.
""",
)
TWO_BROKERS = define(
    "BP3508",
    "two-key-brokers",
    """
Kata has one configuration for each handler, on all nodes. Pools with the same handler therefore use the same key
broker. Set the same one, or let pods set it in their initialization data (setting `initData`).
""",
)
ATTESTATION_WITHOUT_ENCRYPTION = define(
    "BP3509",
    "attestation-without-encryption",
    """
Only a confidential guest can attest itself: the processor signs what it runs. Add `confidential`, or remove `attestation`.
""",
)
PULL_CONTRADICTS = define(
    "BP3510",
    "guest-pull-contradicts",
    """
Confidential guests pull their images themselves: the host, which they do not trust, shares no files with them. Other
guest images cannot pull images. So `guestPull` follows from `confidential`.
""",
)
MACHINES_SELECTED_AS_CONTAINERS = define(
    "BP3511",
    "machines-selected-as-containers",
    """
The pool runs virtual machines, but its selector has the label that makes the GPU Operator prepare nodes for containers.
The label takes precedence.
""",
)
KATA_BEFORE_FIX = define(
    "BP3512",
    "kata-before-fix",
    """
Before 4.3.0 the configuration that Kata ships lets every pod change kernel parameters, the IOMMU and, for some
handlers, processors, memory and initialization data of its virtual machine by annotations (CVSS 7.9). An empty list
`allowedHypervisorAnnotations` in the values of its chart does not change that: the installer then keeps Kata's own
list. Here two independent measures prevent it: a drop-in for every handler with `enable_annotations = []`, and an
admission policy that refuses annotations of Kata when pods are created and when they are changed. The finding is a note
if both are in place, and a warning if Kata is installed by other means or there is no policy.
""",
    severity=Severity.WARNING,
)
DEBUGGABLE_GUESTS = define(
    "BP3513",
    "debuggable-guests",
    """
In the mode `devtools` GPUs behave as confidential ones, and debuggers and profilers of the host can read them: nothing is protected. It is for development.
""",
    severity=Severity.WARNING,
)
PART_OF_KATA_OFF = define(
    "BP3514",
    "part-of-kata-off",
    """
Pools pass GPUs to virtual machines, but a setting disables an operand that they need: the confidential computing
manager sets the label `nvidia.com/cc.ready.state`, by which every RuntimeClass with GPUs selects nodes.
""",
)
NODE_NOT_WHOLE = define(
    "BP3515",
    "quota-of-part-of-a-node",
    """
In the mode `ppcie` one virtual machine takes all GPUs and NVSwitches of a node. A quota that is not a multiple of the GPUs of a node can never be used up.
""",
    severity=Severity.WARNING,
)
OVERHEAD_NOT_IN_QUOTA = define(
    "BP3516",
    "overhead-not-in-quota",
    """
Kueue counts the overhead of a virtual machine in addition to its pod: with GPUs one processor and 10 GiB of memory per
pod. The quota is not enough for even one empty virtual machine.
""",
    severity=Severity.WARNING,
)
TENANT_TRUSTED = define(
    "BP3517",
    "tenant-trusted",
    """
The Kata policies do not apply to trusted namespaces: pods there may tolerate every taint, set `nodeName`, and access
the host of a virtual machine. This namespace belongs to a tenant. Trust only namespaces of agents, in which no user may
create pods.
""",
)
