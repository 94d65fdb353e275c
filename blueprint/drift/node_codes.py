"""Diagnostic codes for nodes and for states that operators report (BP8060 to BP8079)."""

from blueprint.diagnostics import Severity, define

NODE_STEERED = define(
    "BP8060",
    "node-steered",
    """
A node of a pool has a label or an annotation that an operator of the stack acts on, but that does not follow from the
blueprint: `nvidia.com/gpu.deploy.driver=false` keeps the driver off the node, another `nvidia.com/mig.config`
repartitions its GPUs. Values that operators write in normal operation are not reported. Remove the label or annotation,
or declare its purpose in the blueprint.
""",
)
NODE_CORDONED = define(
    "BP8061",
    "node-cordoned",
    """
A node of a pool is cordoned, and no upgrade in progress explains it: no new pod is scheduled there. The writer of
`spec.unschedulable` shows who cordoned it. `kubectl uncordon` reverts it.
""",
)
NODE_FOREIGN_TAINT = define(
    "BP8062",
    "node-foreign-taint",
    """
A node of a pool has a taint that its pool does not declare: pods that do not tolerate it are not scheduled (NoSchedule) or are evicted (NoExecute); the finding names those of the GPU stack. The API keeps one writer for the whole
list of taints, so the writer named is the last one that wrote the list. Remove the taint, or declare it under `taints` of the pool.
""",
)
NODE_IN_TRANSITION = define(
    "BP8063",
    "node-in-transition",
    """
A controller has taken a node of a pool out of service for an operation in progress, or reports a problem with the node:
a driver upgrade, a repartitioning of its GPUs, a node that is not ready. This ends by itself, or the operation is
stuck: the finding shows when it started.
""",
    severity=Severity.WARNING,
)
NODE_COMES_OR_GOES = define(
    "BP8064",
    "node-comes-or-goes",
    """
An autoscaler, a cloud or a network plugin is setting up or removing a node, and has marked it. This is normal for the
nodes of a pool; it is not drift and does not change the exit code. A node that stays in this state is stuck.
""",
    severity=Severity.WARNING,
)
NODE_FAILED = define(
    "BP8065",
    "node-failed",
    """
An operator reports on the node that it failed there: an upgrade of the driver, the partitioning of GPUs. The node stays as it
is, often cordoned, until the cause is fixed and the operator can retry.
""",
)
NODE_LEFT = define(
    "BP8066",
    "node-left-pool",
    """
A node that an apply labelled as a member of a pool has left the pool, although the number of nodes is as declared: it
was removed, or deleted and replaced by another one. The inventory records nodes by name and uid.
""",
)
NODE_REMADE = define(
    "BP8067",
    "node-made-anew",
    """
A node of a pool has the name of one that an apply labelled, but a different uid: it was deleted and joined again,
perhaps as another machine. The next apply records it.
""",
    severity=Severity.WARNING,
)
NODE_RESOURCES = define(
    "BP8068",
    "node-resources",
    """
A node of a pool does not offer pods what the pool declares: the allocatable count of a resource differs, or a resource
of another partitioning or sharing is offered. No device plugin runs there, GPUs are unhealthy, or they are partitioned
differently.
""",
)
NODE_STATUS_UNKNOWN = define(
    "BP8069",
    "node-status-unknown",
    """
No component has reported what nodes of a pool offer, so it is unknown whether it matches the pool.
""",
    severity=Severity.WARNING,
)
NOT_HEALTHY_NOW = define(
    "BP8070",
    "object-not-healthy",
    """
A custom resource is as declared, but its operator reports in the status that the declared state is not reached. Read
the message, then the conditions of the object and the pods of the operator.
""",
)
HEALTH_NOT_KNOWN = define(
    "BP8071",
    "object-health-unknown",
    """
The operator of a declared custom resource has not reported on it, or not since it was changed last: whether the declared state is reached is unknown. The operator may not be running.
""",
    severity=Severity.WARNING,
)
NODE_TAINT_OF_MAKER = define(
    "BP8072",
    "node-taint-of-its-maker",
    """
A node registered with a taint that its pool does not declare: the node provisioner configured it (`kubelet
--register-with-taints`, a node group's template). Pods that do not tolerate it stay away. Declare it under `taints` of
the pool, or remove it from the template.
""",
    severity=Severity.WARNING,
)
