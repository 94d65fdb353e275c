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
The pool's nodes are marked for virtual machines, but `sandboxWorkloads` of the GPU Operator is off (or the stack has no such setting). The operator then ignores the label and takes the GPUs for containers: driver, container toolkit and device plugin
come to the nodes.
""",
)
GPUS_OF_VIRTUAL_MACHINES = define(
    "BP3372",
    "gpus-of-virtual-machines",
    """
The GPUs of a node that runs virtual machines are passed through to those. No driver, device plugin or exporter of the platform
runs there, and `nvidia.com/gpu` is not offered. A pool of such nodes that has `gpu` has `kata`, too: label, operands, RuntimeClass and
expectations follow from that. Without `kata` it has no `gpu`, so that nothing is promised for it. If the nodes are to run containers, label them so.
""",
)
NO_NODE_FOR_MACHINES = define(
    "BP3373",
    "no-node-for-virtual-machines",
    """
`sandboxWorkloads` is on, but no pool's nodes are marked for virtual machines, so that the operator treats all nodes as before.
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
The GPU Operator's operands pass GPUs to virtual machines, for a ClusterPolicy alone: they bind GPUs to vfio-pci, switch their confidential
mode and advertise them. Without the operator, or where pods claim devices, none of that is there: Kata does not plug claimed devices into
its machines. Write `gpuStack: operator` and `allocation: devicePlugin`, or leave out the pool's `gpu`: Kata without GPUs needs no operator.
""",
)
KATA_WITHOUT_CONTAINERD = define(
    "BP3501",
    "kata-without-containerd",
    """
Kata is installed into containerd, and this distribution has another container runtime. OpenShift brings its own operator for sandboxed
containers, which is not part of the platform.
""",
)
DIVIDED_AND_PASSED = define(
    "BP3502",
    "divided-and-passed",
    """
A virtual machine gets whole GPUs: no driver is on the node that would partition them, and no device plugin that would share them. Remove `mig`
or `sharing`, or let the pool run containers. One pool is one or the other: all GPUs of a node go to virtual machines, or none.
""",
)
HANDLER_FOR_OTHER_PROCESSORS = define(
    "BP3503",
    "handler-for-other-processors",
    """
Kata has no such handler for the processors of these nodes: SEV-SNP and TDX are of amd64, and on arm64 GPUs are passed through by the runtime in
Rust alone.
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
The GPU cannot be in this confidential mode. Confidential computing needs a GPU of the Hopper or Blackwell generation; `ppcie` (protected PCIe)
needs a Hopper board with NVSwitches. On Blackwell several GPUs go to one machine in mode `on`.
""",
)
ENCRYPTION_OF_OTHER_PROCESSORS = define(
    "BP3506",
    "encryption-of-other-processors",
    """
SEV-SNP is AMD's, TDX is Intel's. The pool is selected by a label that only nodes of the other vendor have, so that its RuntimeClass selects none
of them.
""",
)
NOTHING_FOR_CONTAINERS = define(
    "BP3507",
    "nothing-for-containers",
    """
On nodes whose GPUs go to virtual machines there is no driver, no container toolkit and no device plugin for containers: the guest brings its
own driver. What the pool says of them has no effect, and NVML, which would tell of ECC and persistence mode, answers in the guest alone.
`poolDefaults` may say it: it is then meant for other pools.
""",
)
TWO_BROKERS = define(
    "BP3508",
    "two-key-brokers",
    """
Kata has one configuration for each handler, on all nodes. Pools with the same handler therefore attest themselves to one key broker. Name the same
one, or let pods name it in their initialization data: setting `initData`.
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
Confidential guests pull their images themselves: the host, which they do not trust, shares no files with them. The images of other guests
have no part that could pull. So `guestPull` follows from `confidential`.
""",
)
MACHINES_SELECTED_AS_CONTAINERS = define(
    "BP3511",
    "machines-selected-as-containers",
    """
The pool runs virtual machines, and is selected by the label that tells the GPU Operator to prepare its nodes for containers. The operator obeys
the label.
""",
)
KATA_BEFORE_FIX = define(
    "BP3512",
    "kata-before-fix",
    """
Before 4.3.0 the configuration that Kata ships lets every pod change kernel parameters, the IOMMU and, for some handlers, processors, memory and initialization data of
its virtual machine by annotations (CVSS 7.9). An empty list `allowedHypervisorAnnotations` in the values of its chart does not change
that: the installer leaves Kata's list where it is given none. Two things close it here, each by itself: a drop-in for every handler with
`enable_annotations = []`, and an admission policy that refuses annotations of Kata when pods are created and when they are changed. The finding is a note while
both are there, and a warning where Kata is installed by other means, or no policy is.
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
Pools pass GPUs to virtual machines, and a setting switches off an operand without which none starts: the manager of confidential modes sets the
label `nvidia.com/cc.ready.state`, by which every RuntimeClass with GPUs selects nodes.
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
Kueue counts what a virtual machine takes beside its pod: with GPUs a processor and 10 GiB of memory for every pod. The quota is not enough for even
one machine without anything in it.
""",
    severity=Severity.WARNING,
)
TENANT_TRUSTED = define(
    "BP3517",
    "tenant-trusted",
    """
The policies around Kata leave trusted namespaces alone: pods there may tolerate everything, name their node, and use the host of a virtual machine. A
tenant works in this one. Trust namespaces of agents alone, in which no user may create pods.
""",
)
