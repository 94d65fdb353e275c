"""Codes of what a change does to nodes (BP45xx): nothing is wrong, but operators should know in advance."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

DRIVER_ROLLOUT = define(
    "BP4501",
    "driver-rollout",
    """
The change replaces the NVIDIA driver on the nodes of the pools that are named. The
GPU Operator does it node by node: it cordons the node, waits for jobs if told to, deletes the pods that hold GPUs,
drains the node only if that is allowed and the deletion was not enough, replaces the driver's pod, validates, and
uncordons. `maxParallelUpgrades` and `maxUnavailable` of the upgrade policy decide how many nodes are under way at
once, so how many waves there are; each takes minutes, plus what jobs are waited for. Nothing is rolled back on its
own: a node that fails stays in `upgrade-failed`.
""",
    severity=Severity.WARNING,
)
DRIVER_HELD_BACK = define(
    "BP4502",
    "driver-held-back",
    """
The driver changes, and `autoUpgrade` is off: the new version is written down, but the driver's pods (updateStrategy
OnDelete) keep running until someone deletes them, node after node, with no GPU pod on the node. New nodes get
the new version at once, so a pool may run two versions for long.
""",
    severity=Severity.WARNING,
)
DRIVER_RESTART = define(
    "BP4503",
    "driver-restart",
    """
The driver's pods get another template, while what they install stays the same. An operator of version 26.7 restarts
such pods in place, without touching GPU pods; an older one takes the whole way of a driver upgrade.
""",
    severity=Severity.NOTE,
)
RUNTIME_RESTART = define(
    "BP4504",
    "runtime-restart",
    """
The container toolkit's pods are replaced, node by node; or Kata is installed, changed or removed. Each time the container runtime's
configuration is written again and the runtime restarted. Running containers go on; until that is done, new GPU containers, or virtual
machines, on that node cannot start. On k3s and RKE2 all of Kubernetes on the node restarts for Kata.
""",
    severity=Severity.WARNING,
)
ALLOCATION_PAUSE = define(
    "BP4505",
    "allocation-pause",
    """
The device plugin, or the DRA driver, restarts. Running pods keep their GPUs; for some seconds the node has no GPUs
for new ones, and where pods claim GPUs none of them can terminate.
Where the names of resources change with it (MIG strategy, sharing), pods that request the old names stay Pending.
""",
    severity=Severity.NOTE,
)
MIG_CHANGE = define(
    "BP4506",
    "mig-change",
    """
GPUs of the pool are repartitioned. The MIG manager stops the operator's own GPU clients on the node, partitions, and starts them
again; pods of users that hold a GPU are not evicted, so with any of them on the node the change waits, forever if
need be. Drain the node first. On Ampere, and on most clouds, switching MIG mode takes a reboot, which happens only
with `migReboot`.
""",
    severity=Severity.WARNING,
)
PODS_REPLACED = define(
    "BP4507",
    "pods-replaced",
    """
Pods of a DaemonSet or Deployment are replaced, or operands of the operator are. No GPU pod is touched; what they do
(label nodes, measure) pauses for moments. With the update strategy OnDelete they keep running until they are
deleted.
""",
    severity=Severity.NOTE,
)
TAINT_EVICTS = define(
    "BP4508",
    "taint-evicts",
    """
The pool's nodes get a taint with the effect NoExecute: Kubernetes evicts every pod on them that does not tolerate it,
at once, without regard for PodDisruptionBudgets.
""",
    severity=Severity.WARNING,
)
PLACEMENT_CHANGES = define(
    "BP4509",
    "placement-changes",
    """
Labels or taints of the pool's nodes change. Running pods stay where they are; what is scheduled from now on follows
them.
""",
    severity=Severity.NOTE,
)
MAJOR_SKIPPED = define(
    "BP4520",
    "major-skipped",
    """
The change skips a major version of a component, or goes back to an earlier one. Its vendor supports upgrades to the
next major version alone: what the versions between them would have migrated is not migrated. `apply` refuses it,
unless `--allow-unsupported` is given. Go release by release instead, and wait until each has settled.
""",
)
STACK_CHANGE = define(
    "BP4521",
    "stack-change",
    """
The change swaps the object that describes the whole GPU stack for one of another kind (`gpuStack` and `allocation`), or the program
that allocates GPUs, device plugin or DRA driver. Only one of them may exist, and there is no way from one to the other in place: the
operator would find two, GPU pods would lose their devices while the stack is gone, or the DRA driver would allocate GPUs again that
pods hold by the device plugin. The same holds for single pools that change hands. `apply` refuses it, unless `--allow-unsupported` is given. Build the new stack
on other nodes or in another cluster; or drain all GPU nodes, remove the old stack, wait until it is gone, and apply
the new one.
""",
)
HANDOVER_WITH_UPGRADE = define(
    "BP4522",
    "handover-with-upgrade",
    """
The change hands the drivers from the ClusterPolicy to NVIDIADriver objects (or back) in the same step in which the
operator becomes 26.7. The new operator would not recognize the driver pods, and deletes them: all GPU nodes lose
their driver at once. Do it in two steps: upgrade the operator first, change the owner when it has settled.
""",
    severity=Severity.WARNING,
)
PLATFORM_RENAMED = define(
    "BP4523",
    "platform-renamed",
    """
`metadata.name` changes, and with it the field manager and the record of what was applied. To the cluster that is another
platform: `apply` finds fields that belong to the old name (conflicts), the objects that are no longer rendered stay
forever, since no record of the new name lists them, and `drift` calls what the old name wrote foreign. Keep the name; what
people read can stand in a label. Where it must change, remove the platform under its old name first.
""",
    severity=Severity.WARNING,
)
KUBERNETES_DOWNGRADE = define(
    "BP4524",
    "kubernetes-downgrade",
    """
The platform is declared for an earlier Kubernetes than before. No distribution goes back to an earlier minor version in
place: stored objects of newer versions cannot be read any more. Most often the line was changed by mistake; otherwise
build another cluster.
""",
)
KUBERNETES_CHANGE = define(
    "BP4525",
    "kubernetes-change",
    """
The platform is declared for another Kubernetes version. Nothing that is applied upgrades a cluster: upgrade the control plane,
one minor version after the other, then the nodes (never newer than the API server), then apply. Objects are checked
against the new version's API from now on.
""",
    severity=Severity.WARNING,
)
CLUSTER_CHANGE = define(
    "BP4526",
    "cluster-change",
    """
Another distribution, operating system or cluster is declared than before. Nothing that is applied changes that: nodes, or the
cluster, are built anew, and prerequisites, images and expectations follow the new declaration at once.
""",
    severity=Severity.WARNING,
)
NETWORK_DRIVER_ROLLOUT = define(
    "BP4527",
    "network-driver-rollout",
    """
The change replaces the network driver (DOCA-OFED) on the nodes that the policy is for. The Network Operator does it node by node,
`maxParallelUpgrades` at once: it cordons the node, waits for jobs if told to, drains it if told to (every pod that is no
DaemonSet's leaves, not only those that use the cards), restarts the driver's pod, which loads the modules anew, and
uncordons. The cards' network is gone meanwhile. Where `spec.driver.rdma` is on, nvidia-peermem was built against the old
driver and must be built anew by the GPU driver's pods. GPUDirect over dma-buf needs no such module.
""",
    severity=Severity.WARNING,
)
NETWORK_DRIVER_HELD_BACK = define(
    "BP4528",
    "network-driver-held-back",
    """
The network driver (DOCA-OFED) changes, and `autoUpgrade` is off: the driver's pods keep running until someone deletes
them, node after node. New nodes get the new version at once, so a pool may run two versions for long.
""",
    severity=Severity.WARNING,
)
CONFIDENTIAL_CHANGE = define(
    "BP4539",
    "confidential-mode-change",
    """
The label of the nodes that names the confidential mode of their GPUs changes. The manager of confidential modes stops the operands of the node, resets its
GPUs and starts them again; a virtual machine that has a GPU of the node loses it. Drain the node first.
""",
    severity=Severity.WARNING,
)
DRIFTED_NODES_REPLACED = define(
    "BP4540",
    "drifted-nodes-replaced",
    """
A NodePool or its node class changes in fields by which Karpenter knows a node: labels, taints, image, disks, instance types and the like.
Nodes that differ have drifted. Karpenter starts a replacement, drains the node and removes it, as many at a time as the disruption budgets
allow. Pods with `karpenter.sh/do-not-disrupt` and PodDisruptionBudgets hold a node back, until `terminationGracePeriod` where that is set.
A NodePool that is removed takes its nodes along. Limits, weight, replicas and the disruption itself make no node drift.
""",
    severity=Severity.WARNING,
)
DRIFTED_NODES_STAY = define(
    "BP4541",
    "drifted-nodes-stay",
    """
The change makes nodes drift that Karpenter has made, and a disruption budget of 0 lets none of them go for that. They keep their labels,
image and taints until nothing runs on them and they are removed as empty, so a pool may have both kinds of nodes for long. That is what
a pool without `karpenter.disruption.budgets` does, because jobs would lose their nodes otherwise. To have a change arrive, cordon the nodes, or
allow drifted nodes in a window by a budget.
""",
    severity=Severity.NOTE,
)
