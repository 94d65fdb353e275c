"""Codes of drift (BP8xxx): how the cluster, its nodes and their GPUs depart from the bundle."""

from blueprint.diagnostics import Severity, define

MISSING = define(
    "BP8001",
    "missing-object",
    """
The bundle declares an object that is not in the cluster. Either it was never applied, or somebody deleted it:
Kubernetes keeps no trace of who deletes an object, so nobody is named; the audit log of the API server knows.
`blueprint apply` creates it again.
""",
)
MODIFIED = define(
    "BP8002",
    "modified-field",
    """
A field that the bundle declares has another value in the cluster. The writer and the time are those that the
API server recorded for this field (`managedFields`): a manager is the name that a client gave itself, so it
says which tool wrote, not which person. `blueprint apply --force-conflicts` takes the field over and restores the
value; without the flag it leaves what others own alone and names them. To keep the live value, change the line that is
shown.
""",
)
REMOVED = define(
    "BP8003",
    "removed-field",
    """
A field or list item that the bundle declares is not in the live object. Kubernetes records owners of fields
that exist; who removed one is not recorded, and is not guessed here. The audit log of the API server knows.
`blueprint apply` puts it back.
""",
)
FOREIGN_ADDITION = define(
    "BP8004",
    "foreign-addition",
    """
The live object has something that the bundle does not declare and that is no default of the server: a
container, `hostNetwork: true`, a variable, a label, a changed default. A server-side dry-run does not show
such things, because applying would leave them in place; the ownership record does. Remove it with the tool
that added it, or declare it in the blueprint.
""",
)
OWNERSHIP_LOST = define(
    "BP8005",
    "ownership-lost",
    """
The value is as declared, but the API server no longer records it as ours: another manager took the field
over, or somebody wiped the record. The next foreign change there would meet no conflict. `blueprint apply`
takes the field back.
""",
    severity=Severity.WARNING,
)
REORDERED = define(
    "BP8006",
    "reordered-list",
    """
The items of a list are all there, in another order, and their order means something: init containers run one
after another, and an environment variable can refer only to those before it. Other re-ordered lists mean the
same in any order, and are no drift.
""",
)
REPLACED = define(
    "BP8007",
    "replaced-object",
    """
The object has another uid than the one that was applied: it was deleted and created anew by somebody else.
Whatever hung on the old one (pods, claims, references by uid) went with it. The differences to the bundle, if
any, are listed beside this finding.
""",
)
ORPHANED = define(
    "BP8008",
    "orphaned-object",
    """
The object was applied from this blueprint, and the blueprint does not render it any more. It keeps running as it
is, and nothing updates it. Prune or delete it, or render it again.
""",
)
TERMINATING = define(
    "BP8009",
    "terminating-object",
    """
Somebody deleted the object, and a finalizer keeps it until its owner has cleaned up. Nothing can stop the
deletion; `blueprint apply` creates the object again once it is gone. If its finalizer's owner does not run any
more, the object stays in this state for ever.
""",
)
OBJECTS_UNSEEN = define(
    "BP8010",
    "objects-unseen",
    """
Objects of the bundle could not be read: forbidden, their kind is not served, or the server failed. Nothing is
known about them, so they count as unknown and never as clean. `drift` needs the verbs `get` and `list`.
""",
    severity=Severity.WARNING,
)
NEVER_APPLIED = define(
    "BP8011",
    "no-record",
    """
The cluster holds no record of an apply of this blueprint: it was never applied from here, or the record was
lost. Objects are still compared with the bundle, by what they say and by whom managedFields name; what was
deleted from the blueprint since an apply cannot be known without the record.
""",
    severity=Severity.NOTE,
)
OTHER_BUNDLE = define(
    "BP8012",
    "other-bundle-applied",
    """
The bundle that was applied last is not the one that the cluster is compared with. Differences may therefore be
changes that were never applied rather than changes that somebody made in the cluster; each finding names its
writer, so the two can be told apart.
""",
    severity=Severity.NOTE,
)
UNDECIDED = define(
    "BP8013",
    "undecided-field",
    """
The live value differs from the declared one, although our own manager is recorded as its writer. Either the
server or a webhook stores the value in another form, or somebody wrote under our name. A dry-run tells the two
apart; it was switched off, forbidden or impossible here, and no record of an apply decides it.
""",
    severity=Severity.WARNING,
)
RECORD_LOST = define(
    "BP8042",
    "record-lost",
    """
Objects in the cluster carry the label or the field manager of this blueprint, so it was applied; but there is no record
of it any more: somebody deleted the ConfigMap `blueprint-NAME`. What is declared is still compared. What was applied
and is not rendered any more can only be found by its label, in the kinds that the bundle has, so the rest is unknown.
The next `blueprint apply` writes a new record.
""",
    severity=Severity.WARNING,
)
PARTLY_APPLIED = define(
    "BP8043",
    "partly-applied",
    """
The last apply ended before every object and node was as its bundle says: something was refused, denied, changed
meanwhile or interrupted. No bundle is in the cluster as a whole. Every object is compared with the bundle all the same;
what was not written is told as drift, object by object. Run `blueprint apply` again.
""",
    severity=Severity.NOTE,
)
RECORD_UNUSABLE = define(
    "BP8014",
    "record-unusable",
    """
The record of what was applied exists and cannot be used. Objects are compared without it: what is not rendered
any more, and what was deleted and created anew, may go unnoticed.
""",
    severity=Severity.WARNING,
)
NODE_LABEL = define(
    "BP8020",
    "node-label",
    """
A node that the selector of a pool matches lacks a label that the pool declares, or has it with another value.
Components find their nodes by these labels. With `nodeLabels: apply` the next `blueprint apply` sets it; with
`provisioner` whoever makes the nodes has to.
""",
)
NODE_TAINT = define(
    "BP8021",
    "node-taint",
    """
A node of a pool lacks a taint that the pool declares, or has it with another value. Without the taint, pods
that need no GPU may fill the node.
""",
)
POOL_SIZE = define(
    "BP8022",
    "pool-node-count",
    """
The selector of a pool matches fewer or more nodes than the blueprint declares. Nodes are missing, have not
joined, lost the label that makes them members of the pool, or were labelled without being declared.
""",
)
NODES_UNSEEN = define(
    "BP8023",
    "nodes-unseen",
    """
The nodes of the cluster could not be listed, so nothing is known about the labels, taints and number of nodes
of any pool. `drift` needs the verb `list` on nodes.
""",
    severity=Severity.WARNING,
)
SHARED_NODE = define(
    "BP8024",
    "node-of-two-pools",
    """
The selectors of two pools match the same node. Whose facts it must show is undecidable; make the selectors
disjoint.
""",
)
READING_MISSING = define(
    "BP8030",
    "reading-missing",
    """
Nodes of a pool, in the cluster or only declared, have no reading in the folder that was given. Their GPUs were not
looked at, so they count as unknown. Run `blueprint probe -o` there and add the files.
""",
    severity=Severity.WARNING,
)
READING_UNPLACED = define(
    "BP8031",
    "reading-of-unknown-node",
    """
There is a reading of a node that no pool of the blueprint claims: the node is not in the cluster, or no
selector matches its labels. What its GPUs should be is undefined, so the reading was not judged.
""",
    severity=Severity.WARNING,
)
READING_TWICE = define(
    "BP8032",
    "reading-twice",
    """
Two readings are about the same node. The younger one is judged; the older one is left out. One file per node is
expected.
""",
    severity=Severity.WARNING,
)
READING_OLD = define(
    "BP8033",
    "reading-old",
    """
The reading was taken long before this run. It is judged all the same: it proves what was true then, not what is
true now.
""",
    severity=Severity.NOTE,
)
NO_READINGS = define(
    "BP8034",
    "no-readings",
    """
The folder given with `--readings` cannot be read, or holds no reading. A reading is a JSON file that
`blueprint probe -o` wrote, one per node.
""",
)
READING_FUTURE = define(
    "BP8080",
    "reading-of-the-future",
    """
The reading says that it was taken more than five minutes after this run: the clock of one of the two machines is wrong,
or the file was made up. It is left out, so that it cannot stand before an honest reading of today; a node that has no
other is unknown.
""",
    severity=Severity.WARNING,
)
READING_TOO_OLD = define(
    "BP8081",
    "reading-too-old",
    """
The reading is older than a reading may be (`drift --max-age`, 720h unless given). What was true then proves nothing of
today, so it is not judged and its node is unknown. Take it again.
""",
    severity=Severity.WARNING,
)
READING_OTHER_BOOT = define(
    "BP8082",
    "reading-of-another-boot",
    """
The node's kubelet names another start of the kernel (`status.nodeInfo.bootID`) than the reading: the node was started
again since, or the reading was taken on another machine. GPUs may have been lost, reset or exchanged meanwhile. The
reading is not judged and the node is unknown. Take it again.
""",
    severity=Severity.WARNING,
)
READING_COPIED = define(
    "BP8083",
    "reading-of-two-nodes",
    """
Readings of two nodes show the same GPU, the same board or the same start of a kernel, which only one of them can have.
One is a copy under another name, or a board was moved between two nodes that were read at different times. At least
one of the nodes was not looked at as it is.
""",
)
SNAPSHOT_UNREADABLE = define(
    "BP8040",
    "snapshot-unreadable",
    """
The file is no snapshot that this version can read: it cannot be opened, is damaged, or was written by another
version. `blueprint snapshot -o FILE` writes one.
""",
)
SNAPSHOT_USED = define(
    "BP8041",
    "snapshot-compared",
    """
The comparison was made with a snapshot file, not with the cluster itself: it answers for the moment at which the
snapshot was taken. Nothing could be confirmed by a dry-run, and Secret values are compared by keyed hash.
""",
    severity=Severity.NOTE,
)
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
