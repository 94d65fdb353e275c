"""Diagnostic codes of drift (BP8xxx): differences of the cluster, its nodes and their GPUs from the bundle."""

from blueprint.diagnostics import Severity, define
from blueprint.drift import node_codes, slice_codes

__all__ = ["node_codes", "slice_codes"]  # Also codes of drift, to be registered together with these.

MISSING = define(
    "BP8001",
    "missing-object",
    """
The bundle declares an object that is not in the cluster. Either it was never applied, or it was deleted:
Kubernetes keeps no trace of who deletes an object, so the report cannot name anyone; the audit log of the API server may.
`blueprint apply` creates it again.
""",
)
MODIFIED = define(
    "BP8002",
    "modified-field",
    """
A field that the bundle declares has another value in the cluster. The writer and the time are those that the API server
recorded for this field (`managedFields`): clients choose their manager name themselves, so it identifies the tool, not
the person. `blueprint apply --force-conflicts=KIND/NAMESPACE/NAME:FIELD` takes that field over and restores the value;
without the flag, fields of other managers stay unchanged and are reported. The help shows the command for this field.
To keep the live value, change the line that is shown.
""",
)
REMOVED = define(
    "BP8003",
    "removed-field",
    """
A field or list item that the bundle declares is not in the live object. Kubernetes records the owners of existing
fields only, so it is unknown who removed this one. The audit log of the API server may show it. `blueprint apply` puts
it back.
""",
)
FOREIGN_ADDITION = define(
    "BP8004",
    "foreign-addition",
    """
The live object has something that the bundle does not declare and that is not a default of the server: a
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
over, or the record was cleared. The next foreign change there would cause no conflict. `blueprint apply`
takes the field back.
""",
    severity=Severity.WARNING,
)
REORDERED = define(
    "BP8006",
    "reordered-list",
    """
All items of a list are present, but in a different order, and their order matters: init containers run one after
another, and an environment variable can refer only to those before it. Lists whose order has no meaning are not
reported.
""",
)
REPLACED = define(
    "BP8007",
    "replaced-object",
    """
The object has another uid than the one that was applied: it was deleted and recreated.
What depended on the old one (pods, claims, references by uid) was deleted with it. Differences from the bundle are listed separately.
""",
)
ORPHANED = define(
    "BP8008",
    "orphaned-object",
    """
The object was applied from this blueprint, and the blueprint no longer renders it. It keeps running, and nothing
updates it. Prune or delete it, or render it again.
""",
)
TERMINATING = define(
    "BP8009",
    "terminating-object",
    """
The object was deleted, and a finalizer keeps it until its owner has cleaned up. Nothing can stop the deletion;
`blueprint apply` creates the object again once it is gone. If the owner of the finalizer no longer runs, the object
stays in this state forever.
""",
)
OBJECTS_UNSEEN = define(
    "BP8010",
    "objects-unseen",
    """
Objects of the bundle could not be read: forbidden, their kind is not served, or the server failed. Their state is
unknown, which never counts as clean. `drift` needs the verbs `get` and `list`.
""",
    severity=Severity.WARNING,
)
NEVER_APPLIED = define(
    "BP8011",
    "no-record",
    """
The cluster has no inventory of this blueprint: it was never applied, or the inventory was lost. Objects are still
compared with the bundle, by content and by the owners in managedFields. Objects that were removed from the blueprint
since an apply cannot be found without the record.
""",
    severity=Severity.NOTE,
)
OTHER_BUNDLE = define(
    "BP8012",
    "other-bundle-applied",
    """
The bundle that was applied last is not the one that the cluster is compared with. Differences may therefore be
changes that were never applied rather than changes made in the cluster; each finding names its
writer, so the two can be told apart.
""",
    severity=Severity.NOTE,
)
UNDECIDED = define(
    "BP8013",
    "undecided-field",
    """
The live value differs from the declared one, although our own manager is recorded as its writer. Either the
server or a webhook stores the value in another form, or another client used our field manager. A dry-run tells the two
apart; it was switched off, forbidden or impossible here, and no record of an apply decides it.
""",
    severity=Severity.WARNING,
)
RECORD_LOST = define(
    "BP8042",
    "record-lost",
    """
Objects in the cluster have the label or the field manager of this blueprint, so it was applied, but its record no
longer exists: the ConfigMap `blueprint-NAME` was deleted. Declared objects are still compared. Objects that were
applied and are no longer rendered can be found only by label, and only for the kinds in the bundle; others are unknown.
The next `blueprint apply` writes a new record.
""",
    severity=Severity.WARNING,
)
PARTLY_APPLIED = define(
    "BP8043",
    "partly-applied",
    """
The last apply ended before every object and node matched its bundle: a write was rejected, denied, superseded by
another change or interrupted. No bundle is completely applied. Every object is still compared with the bundle; objects
that were not written are reported as drift. Run `blueprint apply` again.
""",
    severity=Severity.NOTE,
)
RECORD_UNUSABLE = define(
    "BP8014",
    "record-unusable",
    """
The record of what was applied exists but cannot be used. Objects are compared without it: objects that are no longer
rendered, or were deleted and recreated, may go unnoticed.
""",
    severity=Severity.WARNING,
)
NODE_LABEL = define(
    "BP8020",
    "node-label",
    """
A node that the selector of a pool matches lacks a label that the pool declares, or has it with another value.
Components find their nodes by these labels. With `nodeLabels: apply` the next `blueprint apply` sets it; with
`provisioner` the node provisioner must.
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
The selectors of two pools match the same node. It is ambiguous which pool's settings apply; make the selectors
disjoint.
""",
)
READING_MISSING = define(
    "BP8030",
    "reading-missing",
    """
Nodes of a pool, in the cluster or only declared, have no reading in the folder that was given. Their GPUs were not
examined, so they count as unknown. Run `blueprint probe -o` there and add the files.
""",
    severity=Severity.WARNING,
)
READING_UNPLACED = define(
    "BP8031",
    "reading-of-unknown-node",
    """
There is a reading of a node that belongs to no pool of the blueprint: the node is not in the cluster, or no
selector matches its labels. No GPUs are declared for it, so the reading was not evaluated.
""",
    severity=Severity.WARNING,
)
READING_TWICE = define(
    "BP8032",
    "reading-twice",
    """
Two readings are of the same node. The newer one is evaluated; the older one is ignored. One file per node is expected.
""",
    severity=Severity.WARNING,
)
READING_OLD = define(
    "BP8033",
    "reading-old",
    """
The reading was taken long before this run. It is still evaluated: it proves what was true then, not what is
true now.
""",
    severity=Severity.NOTE,
)
NO_READINGS = define(
    "BP8034",
    "no-readings",
    """
The folder given with `--readings` cannot be read, or contains no reading. A reading is a JSON file that
`blueprint probe -o` wrote, one per node.
""",
)
READING_FUTURE = define(
    "BP8080",
    "reading-of-the-future",
    """
The reading has a time more than five minutes later than this run: the clock of one of the two machines is wrong, or the
file was fabricated. It is ignored, so that it cannot take precedence over a valid reading; a node without another
reading is unknown.
""",
    severity=Severity.WARNING,
)
READING_TOO_OLD = define(
    "BP8081",
    "reading-too-old",
    """
The reading is older than the maximum age (`drift --max-age`, 720h by default). It does not show the current state, so
it is not evaluated and its node is unknown. Take a new one.
""",
    severity=Severity.WARNING,
)
READING_OTHER_BOOT = define(
    "BP8082",
    "reading-of-another-boot",
    """
The boot ID that the kubelet reports (`status.nodeInfo.bootID`) differs from the reading's: the node was rebooted since,
or the reading was taken on another machine. GPUs may have been lost, reset or replaced meanwhile. The reading is not
evaluated and the node is unknown. Take a new one.
""",
    severity=Severity.WARNING,
)
READING_COPIED = define(
    "BP8083",
    "reading-of-two-nodes",
    """
Readings of two nodes show the same GPU, the same board or the same boot ID, which only one of them can have. One is a
copy under another name, or a board was moved between two nodes that were read at different times. At least one of the
nodes was not examined in its current state.
""",
)
SNAPSHOT_UNREADABLE = define(
    "BP8040",
    "snapshot-unreadable",
    """
The file is not a snapshot that this version can read: it cannot be opened, is damaged, or was written by another
version. `blueprint snapshot -o FILE` writes one.
""",
)
SNAPSHOT_USED = define(
    "BP8041",
    "snapshot-compared",
    """
The comparison was made with a snapshot file, not with the cluster itself: it describes the moment at which the snapshot was taken. Nothing could be confirmed by a dry-run, and Secret values are compared by keyed hash.
""",
    severity=Severity.NOTE,
)
COPIED = define(
    "BP8050",
    "copied-label",
    """
An object has the label with which this blueprint marks its objects, but no apply of this blueprint created it: none of
its fields is recorded as ours. An object of the bundle was copied together with its label. Tools that select by that
label (a prune, a list of the platform's objects) include the copy. Remove the label, or render the object.
""",
)
