"""Diagnostic codes of tenants: groups, namespaces, plans, priorities."""

from blueprint.diagnostics import Severity, define

UNKNOWN_GROUP = define(
    "BP3411",
    "unknown-group",
    """
`parent` names a group of tenants that `tenants` does not have. A group is a tenant without namespaces.
""",
)
GROUP_CYCLE = define(
    "BP3412",
    "group-cycle",
    """
The group is its own ancestor. Kueue accepts such cohorts and then ignores every quota in them.
""",
)
UNKNOWN_PLAN = define(
    "BP3414",
    "unknown-plan",
    """
`plan` names a plan that `plans` does not have.
""",
)
PARENT_IS_NO_GROUP = define(
    "BP3415",
    "parent-is-no-group",
    """
`parent` names a tenant that has namespaces. Only a tenant without namespaces is a group, whose members lend each other quota. Give
the group a name of its own, and make both tenants its members.
""",
)
NAMESPACE_OF_TWO = define(
    "BP3418",
    "namespace-of-two-tenants",
    """
Two tenants have the same namespace. A namespace belongs to one tenant: its label decides whose quota its workloads use.
In a plan, use `${tenant}` in the name, so that each tenant gets its own.
""",
)
NAMESPACE_INVALID = define(
    "BP3419",
    "tenant-namespace-invalid",
    """
The name cannot be that of a namespace of a tenant: it is not a DNS label of up to 63 characters, or it belongs to Kubernetes or to
a component of the platform. Names that begin with `kube-` are reserved.
""",
)
UNKNOWN_PRIORITY = define(
    "BP3420",
    "unknown-priority",
    """
`priorityCap` names a priority that `queueing.priorities` does not have.
""",
)
GROUP_WITHOUT_MEMBERS = define(
    "BP3428",
    "group-without-members",
    """
The tenant has no namespaces, so it is a group, but no tenant with namespaces belongs to it. No workload can use its
quota. Give the tenant namespaces, or make it the `parent` of others.
""",
    severity=Severity.WARNING,
)
NO_EFFECT_ON_GROUP = define(
    "BP3429",
    "no-effect-on-group",
    """
The setting concerns namespaces, and a group has none. Set it on the members, or in a plan that they follow.
""",
    severity=Severity.WARNING,
)
PRIVILEGED_TENANTS = define(
    "BP3433",
    "privileged-tenants",
    """
`policy.podSecurity: privileged` lets pods of tenants be privileged or mount paths of the host. Such a pod can access
every GPU of its node, and the credentials of the node, regardless of quotas and admission policies. Use `baseline`,
which GPU workloads satisfy.
""",
    severity=Severity.WARNING,
)
TENANT_OF_ALL = define(
    "BP3444",
    "tenant-of-everybody",
    """
This Kubernetes group contains all users, or all service accounts. With the role `edit` in the tenant's namespaces they
could use its quota, read its secrets and run pods in its name.
""",
)
