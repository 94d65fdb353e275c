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
runs there, `nvidia.com/gpu` is not offered, and neither probe nor alerts can see such GPUs. A pool of such nodes has no `gpu`
until the section `kata` exists, so that nothing is promised for them. If the nodes are to run containers, label them so.
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
