"""Codes of nodes and of what operators report (BP8060 to BP8079)."""

from blueprint.diagnostics import Severity, define

NODE_STEERED = define(
    "BP8060",
    "node-steered",
    """
A node of a pool carries a label or an annotation that an operator of the stack obeys, and that the blueprint does not
imply: `nvidia.com/gpu.deploy.driver=false` keeps the driver off the node, another `nvidia.com/mig.config` cuts its GPUs
anew. Values that operators write as a matter of course are no finding. Remove the mark, or say in the blueprint what it
is meant to do.
""",
)
NODE_CORDONED = define(
    "BP8061",
    "node-cordoned",
    """
A node of a pool is cordoned, and no upgrade that is under way explains it: no new pod comes to its GPUs. Whoever did it
is the writer of `spec.unschedulable`. `kubectl uncordon` ends it.
""",
)
NODE_FOREIGN_TAINT = define(
    "BP8062",
    "node-foreign-taint",
    """
A node of a pool has a taint that its pool does not declare: pods that do not tolerate it stay away (NoSchedule) or are
driven away (NoExecute), those of the GPU stack among them where they are named. The API keeps one writer for the whole
list of taints, so the writer is whoever wrote the list last. Remove the taint, or declare it under `taints` of the pool.
""",
)
NODE_IN_TRANSITION = define(
    "BP8063",
    "node-in-transition",
    """
A controller has taken a node of a pool out of service for something that it says it is doing, or says that the node
does not work: a driver upgrade, a new cutting of its GPUs, a node that is not ready. It ends by itself, or it is stuck:
the time in the finding says since when.
""",
    severity=Severity.WARNING,
)
NODE_COMES_OR_GOES = define(
    "BP8064",
    "node-comes-or-goes",
    """
An autoscaler, a cloud or a network sets a node up, or takes it away, and has marked it so. This is how nodes of a pool
come and go; it is no drift and leaves the exit code alone. A node that stays in this state is stuck.
""",
    severity=Severity.WARNING,
)
NODE_FAILED = define(
    "BP8065",
    "node-failed",
    """
An operator says on the node that it failed there: an upgrade of the driver, the cutting of GPUs. The node stays as it
is, often cordoned, until somebody repairs the cause and lets the operator try again.
""",
)
NODE_LEFT = define(
    "BP8066",
    "node-left-pool",
    """
A node that an apply labelled as one of a pool is not in it any more, though the number of nodes is as declared: somebody
took it out, or it was deleted and another one stands in for it. The record of applies knows it by name and uid.
""",
)
NODE_REMADE = define(
    "BP8067",
    "node-made-anew",
    """
A node of a pool has the name of one that an apply labelled, and another uid: it was deleted and joined anew, perhaps as
another machine. The next apply records it.
""",
    severity=Severity.WARNING,
)
NODE_RESOURCES = define(
    "BP8068",
    "node-resources",
    """
A node of a pool does not offer pods what the pool declares: the allocatable count of a resource is another one, or a
resource is offered that belongs to another cutting or sharing. No device plugin runs there, GPUs are ill, or their
cutting is another one.
""",
)
NODE_STATUS_UNKNOWN = define(
    "BP8069",
    "node-status-unknown",
    """
Nobody has reported what nodes of a pool offer, so it is unknown whether it is what the pool declares.
""",
    severity=Severity.WARNING,
)
NOT_HEALTHY_NOW = define(
    "BP8070",
    "object-not-healthy",
    """
A declared custom resource is there as declared, and its operator says in its status that it has not come to what it
declares. Read the message, then the conditions of the object and the pods of the operator.
""",
)
HEALTH_NOT_KNOWN = define(
    "BP8071",
    "object-health-unknown",
    """
The operator of a declared custom resource has not reported on it, or not since it was changed last: whether it came to
what it declares is unknown. Perhaps the operator does not run.
""",
    severity=Severity.WARNING,
)
NODE_TAINT_OF_MAKER = define(
    "BP8072",
    "node-taint-of-its-maker",
    """
A node registered with a taint that its pool does not declare: whoever makes the nodes configured it (`kubelet
--register-with-taints`, a node group's template). Pods that do not tolerate it stay away. Declare it under `taints` of the
pool, or take it out of the template.
""",
    severity=Severity.WARNING,
)
