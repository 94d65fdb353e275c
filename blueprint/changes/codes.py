"""Diagnostic codes for effects of a change on nodes (BP45xx): not errors, but what users should know in advance."""

from __future__ import annotations

from blueprint.diagnostics import Severity, define

DRIVER_ROLLOUT = define(
    "BP4501",
    "driver-rollout",
    """
The change replaces the NVIDIA driver on the nodes of the listed pools. The GPU Operator does this node by node: it
cordons the node, waits for jobs if configured to, deletes the pods that hold GPUs, drains the node only if that is
enabled and the deletion was not enough, replaces the driver's pod, validates, and uncordons. `maxParallelUpgrades` and
`maxUnavailable` of the upgrade policy limit how many nodes are upgraded at once, and so the number of waves. Each wave
takes minutes, plus the time to wait for jobs. Nothing is rolled back automatically: a node that fails stays in
`upgrade-failed`.
""",
    severity=Severity.WARNING,
)
DRIVER_HELD_BACK = define(
    "BP4502",
    "driver-held-back",
    """
The driver changes, and `autoUpgrade` is off: the new version is recorded, but the driver's pods (updateStrategy
OnDelete) keep running until they are deleted, node by node, with no GPU pod on the node. New nodes get the new version
at once, so a pool may run two versions for a long time.
""",
    severity=Severity.WARNING,
)
DRIVER_RESTART = define(
    "BP4503",
    "driver-restart",
    """
The driver's pods get another template, while what they install stays the same. An operator of version 26.7 restarts
such pods in place, without touching GPU pods; an older one performs a full driver upgrade.
""",
    severity=Severity.NOTE,
)
RUNTIME_RESTART = define(
    "BP4504",
    "runtime-restart",
    """
The container toolkit's pods are replaced, node by node; or Kata is installed, changed or removed. Each time the
container runtime is reconfigured and restarted. Running containers continue; until the restart is complete, no new GPU
container or virtual machine can start on that node. On k3s and RKE2, Kata restarts all of Kubernetes on the node.
""",
    severity=Severity.WARNING,
)
ALLOCATION_PAUSE = define(
    "BP4505",
    "allocation-pause",
    """
The device plugin, or the DRA driver, restarts. Running pods keep their GPUs; for some seconds the node has no GPUs
for new ones, and where pods claim GPUs none of them can terminate.
If resource names change as well (MIG strategy, sharing), pods that request the old names stay Pending.
""",
    severity=Severity.NOTE,
)
MIG_CHANGE = define(
    "BP4506",
    "mig-change",
    """
GPUs of the pool are repartitioned. The MIG manager stops the operator's own GPU clients on the node, partitions, and
starts them again; user pods that hold a GPU are not evicted, and the change waits until they end. Drain the node first.
On Ampere, and on most clouds, switching MIG mode requires a reboot, which happens only with `migReboot`.
""",
    severity=Severity.WARNING,
)
PODS_REPLACED = define(
    "BP4507",
    "pods-replaced",
    """
Pods of a DaemonSet or Deployment are replaced, or operands of the operator are. No GPU pod is affected; their function
(labels, metrics) pauses briefly. With the update strategy OnDelete they keep running until they are deleted.
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
Labels or taints of the pool's nodes change. Running pods stay where they are; new pods are scheduled by the new values.
""",
    severity=Severity.NOTE,
)
MAJOR_SKIPPED = define(
    "BP4520",
    "major-skipped",
    """
The change skips a major version of a component, or downgrades it. Its vendor supports upgrades only to
the next major version: migrations of the skipped versions do not run. `apply` refuses it, unless `--allow-unsupported`
is given. Upgrade release by release instead, and wait until each rollout has finished.
""",
)
STACK_CHANGE = define(
    "BP4521",
    "stack-change",
    """
The change swaps the object that describes the whole GPU stack for one of another kind (`gpuStack` and `allocation`), or
the program that allocates GPUs, device plugin or DRA driver. Only one of them may exist, and there is no in-place
migration: the operator would find two, GPU pods would lose their devices while no stack is installed, or the DRA driver
would allocate GPUs that pods already hold through the device plugin. The same applies to single pools that switch.
`apply` refuses it, unless `--allow-unsupported` is given. Build the new stack on other nodes or in another cluster; or
drain all GPU nodes, remove the old stack, wait until it is gone, and apply the new one.
""",
)
HANDOVER_WITH_UPGRADE = define(
    "BP4522",
    "handover-with-upgrade",
    """
The change moves the drivers from the ClusterPolicy to NVIDIADriver objects (or back) in the same step as the upgrade of
the operator to 26.7. The new operator would not recognize the driver pods and would delete them: all GPU nodes would
lose their driver at once. Do it in two steps: upgrade the operator, and change the owner after the rollout has
finished.
""",
    severity=Severity.WARNING,
)
PLATFORM_RENAMED = define(
    "BP4523",
    "platform-renamed",
    """
`metadata.name` changes, and with it the field manager and the record of what was applied. For the cluster, this is
another platform: `apply` finds fields that belong to the old name (conflicts), the objects that are no longer rendered
stay forever, since no record of the new name lists them, and `drift` reports fields written under the old name as
foreign. Keep the name; put a display name into a label. If it must change, remove the platform under its old name
first.
""",
    severity=Severity.WARNING,
)
KUBERNETES_DOWNGRADE = define(
    "BP4524",
    "kubernetes-downgrade",
    """
The platform is declared for an earlier Kubernetes than before. No distribution supports an in-place downgrade to an
earlier minor version: stored objects of newer versions become unreadable. Usually the line was changed by mistake;
otherwise build another cluster.
""",
)
KUBERNETES_CHANGE = define(
    "BP4525",
    "kubernetes-change",
    """
The platform is declared for another Kubernetes version. An apply does not upgrade the cluster: upgrade the control
plane, one minor version after the other, then the nodes (never newer than the API server), then apply. Objects are
checked against the new version's API from now on.
""",
    severity=Severity.WARNING,
)
CLUSTER_CHANGE = define(
    "BP4526",
    "cluster-change",
    """
The declared distribution, operating system or cluster changes. An apply cannot change this: nodes, or the
cluster, must be rebuilt, and prerequisites, images and expectations follow the new declaration at once.
""",
    severity=Severity.WARNING,
)
NETWORK_DRIVER_ROLLOUT = define(
    "BP4527",
    "network-driver-rollout",
    """
The change replaces the network driver (DOCA-OFED) on the nodes that the policy is for. The Network Operator does it
node by node, `maxParallelUpgrades` at once: it cordons the node, waits for jobs and drains the node if configured to
(every pod except those of DaemonSets leaves, not only those that use the cards), restarts the driver's pod, which
reloads the modules, and uncordons. The cards have no network meanwhile. If `spec.driver.rdma` is on, nvidia-peermem was
built against the old driver, and the GPU driver's pods must rebuild it. GPUDirect over dma-buf needs no such module.
""",
    severity=Severity.WARNING,
)
NETWORK_DRIVER_HELD_BACK = define(
    "BP4528",
    "network-driver-held-back",
    """
The network driver (DOCA-OFED) changes, and `autoUpgrade` is off: the driver's pods keep running until they are deleted,
node by node. New nodes get the new version at once, so a pool may run two versions for a long time.
""",
    severity=Severity.WARNING,
)
CONFIDENTIAL_CHANGE = define(
    "BP4539",
    "confidential-mode-change",
    """
The node label for the confidential mode of the GPUs changes. The confidential computing manager stops the operands of
the node, resets its GPUs and starts them again; a virtual machine that has a GPU of the node loses it. Drain the node
first.
""",
    severity=Severity.WARNING,
)
DRIFTED_NODES_REPLACED = define(
    "BP4540",
    "drifted-nodes-replaced",
    """
A NodePool or its node class changes in fields that Karpenter compares with its nodes, such as labels, taints, image,
disks and instance types. Nodes that differ have drifted. Karpenter starts a replacement, drains the node and removes
it, at the pace that the disruption budgets allow. Pods with `karpenter.sh/do-not-disrupt` and PodDisruptionBudgets hold
a node back, until `terminationGracePeriod` if that is set. Removing a NodePool removes its nodes. Changes of limits,
weight, replicas and disruption settings do not cause drift.
""",
    severity=Severity.WARNING,
)
DRIFTED_NODES_STAY = define(
    "BP4541",
    "drifted-nodes-stay",
    """
The change causes drift of Karpenter's nodes, and a disruption budget of 0 allows none of them to be replaced for it.
They keep their labels, image and taints until nothing runs on them and they are removed as empty, so a pool may have
both kinds of nodes for a long time. This is the default of a pool without `karpenter.disruption.budgets`, because jobs
would otherwise lose their nodes. To roll out the change, cordon the nodes, or allow drifted nodes in a window by a
budget.
""",
    severity=Severity.NOTE,
)
