"""Diagnostic codes of plan, apply and wait (BP7011, BP7022 to BP7060)."""

from blueprint.diagnostics import Severity, define

WRONG_CLUSTER = define(
    "BP7011",
    "wrong-cluster",
    """
The blueprint declares its cluster (`cluster.uid`, the UID of the namespace kube-system), but the context points to
another one. Nothing was planned or written.
""",
)
INVENTORY_MOVED = define(
    "BP7022",
    "inventory-moved",
    """
The record of what was applied changed while this apply ran: another apply of the same blueprint runs at the
same time. The changes of this run are in the cluster; run it again after the other apply has ended.
""",
)
CONFLICT = define(
    "BP7030",
    "conflict",
    """
A field that the blueprint declares belongs to another field manager with another value. It was not overwritten. Either
stop that manager from setting it, or declare its value, or take the field over with `--force-conflicts`. With a name,
`--force-conflicts=KIND/NAMESPACE/NAME[:FIELD]` (`KIND/NAME` for cluster-scoped objects, repeatable), it takes only the
named objects or fields. A named object is written, without its contested fields that were not named; these are
reported. Any other object with a contested field is not written at all.
""",
)
TAKEN_OVER = define(
    "BP7031",
    "taken-over",
    """
With `--force-conflicts` the field was taken from the manager that owned it. If that manager still runs, it
may set its value again, which `drift` will show.
""",
    severity=Severity.NOTE,
)
NEEDS_REPLACEMENT = define(
    "BP7032",
    "needs-replacement",
    """
The change touches a field that cannot be changed on an existing object. This was verified: the API server would accept
the same content for a new object, but its validation of this kind rejects the change of this field, even without the
fields that others added. A refusal by an admission policy, a webhook or a quota does not count.

Replacing deletes the object and everything it owns, so it must be requested. `apply --replace` does it if nothing else
is lost: it checks the UID of the object, deletes it and recreates it; the next run completes an interrupted one. If
something is lost with the object (a load balancer and its address, a cluster IP, running pods, data), the help lists
it, and the object is replaced only if it is named, `apply --replace=KIND/NAMESPACE/NAME`; on a terminal `apply
--replace` asks. Namespaces, volumes and definitions of custom resources are never replaced; delete those yourself if
you can afford to lose their content, then apply again.
""",
)
REJECTED = define(
    "BP7033",
    "rejected-by-server",
    """
The API server rejected the object permanently: a value of the wrong type, an unknown field, or a validation rule or
admission policy. Retrying does not help. The message is from the server; the line is the one that rendered the field.
""",
)
TERMINATING = define(
    "BP7034",
    "terminating",
    """
The object, or the namespace it lives in, is being deleted and still exists, because of a finalizer. Changes to it would be lost. `apply` waits for the deletion as long as `--timeout` allows and then creates the object again; the message names the finalizer.
""",
)
NOT_SERVED = define(
    "BP7035",
    "kind-missing-in-cluster",
    """
The API server does not serve this kind, and no CustomResourceDefinition in the bundle defines it. Install the
component that defines it, or let the blueprint manage it.
""",
)
QUOTA_EXCEEDED = define(
    "BP7051",
    "quota-exceeded",
    """
A ResourceQuota of the namespace is exhausted, so the API server does not create the object. The message names the
quota, the request, the usage and the limit. The object itself is valid: free some of the quota, or raise it, and apply
again.
""",
)
STALE_PLAN = define(
    "BP7036",
    "stale-plan",
    """
The cluster changed after the plan was made: applying it would now change this object differently from what was
approved. The object was not written. Make a new plan.
""",
)
BAD_PLAN = define(
    "BP7037",
    "bad-plan",
    """
The file is not a plan that this version can apply: unreadable, edited by hand, or of another version of the tool.
""",
)
NEVER_READY = define(
    "BP7038",
    "never-ready",
    """
A precondition of the next write was not met within `--timeout`: a namespace did not become active, or a
CustomResourceDefinition was not established and served. Objects that need it were not written; running apply
again continues there.
""",
)
NO_LONGER_RENDERED = define(
    "BP7039",
    "no-longer-rendered",
    """
The object was applied from this blueprint before and is no longer rendered. `apply` never deletes: the object remains
in the cluster and in the record until it is pruned or deleted by hand.
""",
    severity=Severity.WARNING,
)
POOL_SIZE = define(
    "BP7040",
    "pool-size",
    """
The selector of a node pool matches fewer or more nodes than the blueprint declares. Existing nodes get the labels and
taints; missing nodes get them at the next apply.
""",
    severity=Severity.WARNING,
)
NODE_IN_TWO_POOLS = define(
    "BP7041",
    "node-in-two-pools",
    """
The selectors of two node pools match the same node. It would get the labels and taints of both, and match neither
pool's declaration. Make the selectors disjoint.
""",
)
NOT_HEALTHY = define(
    "BP7042",
    "not-healthy",
    """
`--wait` was given, but the object did not become healthy within `--timeout`. The message is from its status. What was
written stays.
""",
)
HEALTH_UNKNOWN = define(
    "BP7043",
    "health-unknown",
    """
`--wait` was given, but nothing in the cluster reports the state of this object: no controller has observed the applied
generation. Its health is unknown.
""",
    severity=Severity.WARNING,
)
NOT_WRITTEN = define(
    "BP7044",
    "not-written",
    """
The object was not written, because the run ended early or a dependency failed. Run apply again to continue.
""",
)
OPERATOR_MISSING = define(
    "BP7046",
    "operator-missing",
    """
A Subscription was written, but no operator was installed in time: its install plan waits for approval, the
catalogue does not have the version, or the lifecycle manager does not respond. Nothing that needs the operator was written. When it is installed, apply again: the run continues there.
""",
)
SIMULATED = define(
    "BP7045",
    "simulated",
    """
The nodes of this cluster are simulated. Objects, conflicts and admission are real; whether a container starts
or a GPU answers is not, and this result does not prove it.
""",
    severity=Severity.NOTE,
)
DEFINITION_NARROWS = define(
    "BP7050",
    "definition-narrows",
    """
The definition of a custom resource would lose a field that objects in the cluster have. The API server does not warn
about it: it prunes the field when such an object is written the next time by any client. So `apply` stops before its
first write, unless `--allow-unsupported` is given. Remove the field from the listed objects, or keep the release that
has the field.
""",
)
IN_THE_WAY = define(
    "BP7060",
    "in-the-way",
    """
The object has a field or list item that the blueprint does not declare, and the declared fields cannot be written alongside it: a port was renumbered under the same name, a volume was given another type. A server-side apply
leaves what others own in place, so the API server rejects the combination, even with force. With `--force-conflicts`
(or `--force-conflicts=KIND/NAMESPACE/NAME:FIELD`) apply takes the field over first and then removes it. The report names what was removed and its former owner. No object is deleted.
""",
)
