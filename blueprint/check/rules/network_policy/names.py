"""Network policies that block DNS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define

DNS_BLOCKED = define("BP6479", "dns-blocked", page=__file__, severity=Severity.WARNING)
_DNS = 53
_GROUP = "networking.k8s.io"


@rule(DNS_BLOCKED, tags=("network", "tenancy"))
def dns_blocked(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A namespace whose pods may connect to some destinations, but not to port 53 of any."""
    if not _limits_all(subject):
        return
    policies = context.named(_GROUP, "NetworkPolicy", subject.id.namespace)
    if next(name for name, each in policies.items() if _limits_all(each)) != subject.id.name:
        return  # reported at the first policy
    entries = [mapping(entry) for each in policies.values() for entry in items(inside(each.data, "spec", "egress"))]
    if entries and not any(map(_opens_names, entries)):
        text = "the policy restricts egress of all pods in the namespace, and none allows port 53: DNS lookups fail"
        help_ = "allow UDP and TCP port 53 to the namespace of the cluster's DNS"
        field = "policyTypes" if items(inside(subject.data, "spec", "policyTypes")) else "egress"
        yield ObjectFinding(DNS_BLOCKED, ("spec", field), text, help_)


def _limits_all(policy: Object) -> bool:
    """Whether it restricts egress of all pods. Without types it does so if it has rules for egress."""
    spec = mapping(policy.data.get("spec"))
    types = items(spec.get("policyTypes"))
    limits = "Egress" in types if types else bool(spec.get("egress"))
    return spec.get("podSelector") == {} and limits


def _opens_names(entry: Mapping[Any, Any]) -> bool:
    """Whether an entry has no ports, port 53, or a named port that could be it."""
    ports = [mapping(each) for each in items(entry.get("ports"))]
    return not ports or any(_is_dns(each.get("port"), each.get("endPort")) for each in ports)


def _is_dns(port: object, end: object) -> bool:
    if not isinstance(port, int):
        return True
    return port <= _DNS <= end if isinstance(end, int) else port == _DNS


RULES = (dns_blocked,)
