"""Checks of tenants: groups, plans, namespaces and priorities."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic
from blueprint.name_patterns import DNS_LABEL
from blueprint.platform.check_context import CheckContext
from blueprint.platform.tenants import codes
from blueprint.platform.tenants.model import OWN_NAME, Tenant
from blueprint.source.paths import Path

TENANTS: Path = ("spec", "tenants")
PLANS: Path = ("spec", "plans")
_OF_NAMESPACES = ("groups", "network", "priorityCap", "workloads")
"""Settings that apply to namespaces."""
_ALL_USERS = ("system:authenticated", "system:unauthenticated", "system:serviceaccounts")
_RESERVED = ("default", "kube-system", "kube-public", "kube-node-lease")


def check_tenants(context: CheckContext) -> Iterator[Diagnostic]:
    """Check every tenant alone, then the namespaces of all."""
    tenants = context.platform.tenants
    parents = {tenant.parent_name for tenant in tenants.every}
    for tenant in tenants.every:
        yield from _plan(context, tenant)
        yield from _parent(context, tenant)
        yield from _priority(context, tenant)
        yield from _group(context, tenant, parents)
        yield from _users(context, tenant)
    yield from _cycles(context)
    yield from _namespaces(context)
    if tenants.users and context.platform.pod_security == "privileged":
        message = "pods of tenants may be privileged, so they can access GPUs of other tenants"
        path = ("spec", "policy", "podSecurity")
        yield context.diagnostic_at(path, codes.PRIVILEGED_TENANTS, message, help_="set podSecurity: baseline")


def declared_at(context: CheckContext, tenant: Tenant, *steps: str) -> Path:
    """The path of a tenant's setting: in the tenant, or in its plan."""
    own = (*TENANTS, tenant.name, *steps)
    if tenant.plan is None or context.is_written((*TENANTS, tenant.name, steps[0])):
        return own
    return (*PLANS, tenant.plan, *steps)


def _plan(context: CheckContext, tenant: Tenant) -> Iterator[Diagnostic]:
    if tenant.plan is not None and not context.is_written((*PLANS, tenant.plan)):
        known = context.root.get(PLANS)
        names = known.value if known and isinstance(known.value, dict) else ()
        yield context.unknown_name((*TENANTS, tenant.name, "plan"), codes.UNKNOWN_PLAN, "plan", names)


def _users(context: CheckContext, tenant: Tenant) -> Iterator[Diagnostic]:
    """User groups that must not belong to a tenant, because every user is a member."""
    for index, name in enumerate(tenant.groups):
        if name in _ALL_USERS:
            path = (*declared_at(context, tenant, "groups"), index)
            message = f"every user is in the group {name}, so everyone could act as tenant {tenant.name}"
            help_ = "use a group of your identity provider, or remove groups and bind the role edit yourself"
            yield context.diagnostic_at(path, codes.TENANT_OF_ALL, message, help_=help_)


def _parent(context: CheckContext, tenant: Tenant) -> Iterator[Diagnostic]:
    path = (*TENANTS, tenant.name, "parent")
    groups = [group.name for group in context.platform.tenants.groups if group.name != tenant.name]
    if tenant.parent_name is None:
        return
    if tenant.parent is None:
        yield context.unknown_name(path, codes.UNKNOWN_GROUP, "group", groups)
    elif not tenant.parent.is_group:
        message = f"tenant {tenant.parent.name} has namespaces, so tenant {tenant.name} cannot belong to it"
        notes = (context.note(declared_at(context, tenant.parent, "namespaces"), "its namespaces"),)
        help_ = f"create a group without namespaces, and make {tenant.parent.name} and {tenant.name} its members"
        yield context.diagnostic_at(path, codes.PARENT_IS_NO_GROUP, message, notes=notes, help_=help_)


def _cycles(context: CheckContext) -> Iterator[Diagnostic]:
    """Report each cycle once, at its first member."""
    reported: set[str] = set()
    for tenant in context.platform.tenants.every:
        way, above = [tenant.name], tenant.parent
        while above is not None and above.name not in way and above.name not in reported:
            way.append(above.name)
            above = above.parent
        if above is not None and above.name == tenant.name:
            reported.update(way)
            message = "a group cannot belong to itself: " + " -> ".join((*way, tenant.name))
            help_ = "remove the parent of one of them"
            yield context.diagnostic_at((*TENANTS, tenant.name, "parent"), codes.GROUP_CYCLE, message, help_=help_)


def _priority(context: CheckContext, tenant: Tenant) -> Iterator[Diagnostic]:
    queueing = context.platform.queueing
    known = queueing.priorities if queueing else {}
    if tenant.priority_cap is not None and tenant.priority_cap not in known:
        path = declared_at(context, tenant, "priorityCap")
        yield context.unknown_name(path, codes.UNKNOWN_PRIORITY, "priority", known)


def _group(context: CheckContext, tenant: Tenant, parents: set[str | None]) -> Iterator[Diagnostic]:
    if not tenant.is_group:
        return
    if tenant.name not in parents:
        message = f"tenant {tenant.name} has no namespaces, and is not the group of any tenant"
        help_ = f"set namespaces: [{tenant.name}]"
        yield context.diagnostic_at_key((*TENANTS, tenant.name), codes.GROUP_WITHOUT_MEMBERS, message, help_=help_)
        return
    for key in _OF_NAMESPACES:
        if context.is_written((*TENANTS, tenant.name, key)):
            message = f"the group {tenant.name} has no namespaces, so {key} has no effect"
            help_ = "set it on its members, or in their plan"
            yield context.diagnostic_at_key(
                (*TENANTS, tenant.name, key), codes.NO_EFFECT_ON_GROUP, message, help_=help_
            )


def _namespaces(context: CheckContext) -> Iterator[Diagnostic]:
    components = {each.namespace: f"component {name}" for name, each in context.platform.components.items()}
    owners: dict[str, Tenant] = {}
    for tenant in context.platform.tenants.every:
        for name in tenant.namespaces:
            path = declared_at(context, tenant, "namespaces")
            if reason := _unfit(name, components):
                message = f"{name} cannot be a namespace of tenant {tenant.name}: {reason}"
                yield context.diagnostic_at(path, codes.NAMESPACE_INVALID, message)
            elif name in owners:
                other = owners[name]
                whom = "twice" if other is tenant else f"by tenant {other.name}, too"
                notes = (context.note(declared_at(context, other, "namespaces"), f"declared by {other.name} here"),)
                message = f"tenant {tenant.name} has the namespace {name}, which is declared {whom}"
                of_plan = path[: len(PLANS)] == PLANS
                help_ = f'set namespaces: ["{OWN_NAME}"] to give each tenant of the plan its own' if of_plan else None
                yield context.diagnostic_at(path, codes.NAMESPACE_OF_TWO, message, notes=notes, help_=help_)
            owners.setdefault(name, tenant)


def _unfit(name: str, components: dict[str, str]) -> str | None:
    """Why a namespace cannot belong to a tenant; None if it can."""
    if not re.fullmatch(DNS_LABEL, name):
        return "a namespace has at most 63 lower-case letters, digits and dashes, a letter or digit first and last"
    if name in _RESERVED or name.startswith("kube-"):
        return "it belongs to Kubernetes"
    return f"it belongs to {components[name]}" if name in components else None
