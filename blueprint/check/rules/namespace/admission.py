"""Namespaces of the GPU stack must admit privileged pods."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import define

NOT_PRIVILEGED = define("BP6130", "namespace-not-privileged", page=__file__)
_LEVEL = "pod-security.kubernetes.io/enforce"


@rule(NOT_PRIVILEGED, tags=("security",), needs=(Capability.BLUEPRINT,))
def privileged(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The namespace of a component with privileged pods."""
    name = subject.id.name
    if subject.component == USERS or not _needs(name, context):
        return
    level = mapping(inside(subject.data, "metadata", "labels")).get(_LEVEL)
    operator_labels = context.cluster_policy_value("psa", "enabled") is True and name == context.operator_namespace
    if level != "privileged" and not operator_labels:
        state = f"is {level}" if level else "is missing"
        text = f"the label {_LEVEL} {state}, but pods of {name} are privileged"
        path = ("metadata", "labels", _LEVEL) if level else ("metadata", "labels")
        yield ObjectFinding(NOT_PRIVILEGED, path, text, "set it to privileged")


def _needs(name: str, context: RuleContext) -> bool:
    if context.cluster_policy is not None and name == context.operator_namespace:
        return True
    mine = (pod for pod in context.pods if pod.subject.id.namespace == name and pod.subject.component != USERS)
    return any(
        inside(container, "securityContext", "privileged") is True or _host_path(pod.spec)
        for pod in mine
        for _, container in pod.containers
    )


def _host_path(spec: object) -> bool:
    volumes = mapping(spec).get("volumes")
    return isinstance(volumes, list) and any("hostPath" in mapping(each) for each in volumes)


RULES = (privileged,)
