"""Karpenter's API: what later versions removed, and the requirements of a NodePool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern
from blueprint.records import Record

GROUP, AWS = "karpenter.sh", "karpenter.k8s.aws"
API_GONE = define("BP6562", "karpenter-api-gone", page=__file__)
_DOMAINS = (AWS, "eks.amazonaws.com")
"""The domains of Karpenter's AWS provider and of EKS Auto Mode."""
_ONLY_GPUS = {
    **{f"{domain}/instance-category": lazy_pattern(r"[gp]") for domain in _DOMAINS},
    **{f"{domain}/instance-family": lazy_pattern(r"(g[3-9]|gr[6-9]|p[2-9]).*") for domain in _DOMAINS},
    "node.kubernetes.io/instance-type": lazy_pattern(r"(g[3-9]|gr[6-9]|p[2-9])[a-z0-9-]*\..+"),
}
"""Values of requirements that only AWS instances with GPUs satisfy."""
NODE_POOL = "NodePool"
_INSTEAD = {"Provisioner": NODE_POOL, "AWSNodeTemplate": "EC2NodeClass"}


@rule(API_GONE, tags=("karpenter",), of_form=True)
def api_gone(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Kinds and versions that Karpenter has removed."""
    kind = subject.id.kind
    if new := _INSTEAD.get(kind):
        text = f"{kind} {subject.api_version} was removed in Karpenter 0.33, and Kubernetes 1.30 needs 0.37"
        yield ObjectFinding(API_GONE, ("kind",), text, f"use {new} of {subject.id.group}/v1")
    elif subject.api_version.endswith("/v1beta1"):
        text = f"{kind} {subject.api_version} was removed in Karpenter 1.1, and Kubernetes 1.32 needs Karpenter 1.2"
        yield ObjectFinding(API_GONE, ("apiVersion",), text, f"{subject.id.group}/v1", Severity.WARNING)


def requirements(subject: Object) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    """The requirements of a NodePool."""
    path = ("spec", "template", "spec", "requirements")
    for index, each in enumerate(map(mapping, items(inside(subject.data, *path)))):
        yield (*path, index), each


def is_of_gpus(subject: Object) -> bool:
    """Whether all nodes of a NodePool have GPUs, according to its requirements."""
    return any(_is_met_by_gpus_alone(each) for _, each in requirements(subject))


def _is_met_by_gpus_alone(requirement: Mapping[Any, Any]) -> bool:
    """Whether only GPU nodes satisfy the requirement."""
    key, operator, values = requirement.get("key"), requirement.get("operator"), items(requirement.get("values"))
    if str(key).startswith(tuple(f"{domain}/instance-gpu-" for domain in _DOMAINS)):
        return operator in ("In", "Exists", "Gt", "Gte")
    pattern = _ONLY_GPUS.get(str(key))
    return bool(pattern and operator == "In" and values and all(pattern.fullmatch(str(each)) for each in values))


class MadeBy(Record):
    """The NodePools that use a node class: the first one, and whether any is for GPUs or for reserved capacity."""

    first: Object
    of_gpus: bool
    reserved: bool


def made_by(subject: Object, context: RuleContext) -> MadeBy | None:
    """The NodePools that use a node class; None if there are none."""
    return context.once(_by_class).get(subject.id.name)


def _by_class(context: RuleContext) -> Mapping[str, MadeBy]:
    found: dict[str, MadeBy] = {}
    for each in node_pools(context):
        name = str(inside(each.data, "spec", "template", "spec", "nodeClassRef", "name"))
        reserved = "reserved" in (allowed(each, context).get("karpenter.sh/capacity-type") or ())
        before = found.get(name, MadeBy(each, of_gpus=False, reserved=False))
        found[name] = MadeBy(before.first, before.of_gpus or is_of_gpus(each), before.reserved or reserved)
    return found


def node_pools(context: RuleContext) -> list[Object]:
    """The NodePools of API version v1."""
    return context.once(_node_pools)


def _node_pools(context: RuleContext) -> list[Object]:
    return [each for each in context.objects_of_kind(NODE_POOL) if each.id.group == GROUP]


def allowed(pool: Object, context: RuleContext) -> Mapping[str, list[str]]:
    """The allowed values of each label that restricts the nodes of a NodePool."""
    return context.once(_allowed)[id(pool)]


def _allowed(context: RuleContext) -> Mapping[int, Mapping[str, list[str]]]:
    found: dict[int, dict[str, list[str]]] = {}
    for pool in node_pools(context):
        labels = mapping(inside(pool.data, "spec", "template", "metadata", "labels"))
        values = found.setdefault(id(pool), {str(key): [str(value)] for key, value in labels.items()})
        for _, each in requirements(pool):
            if each.get("operator") == "In":
                values.setdefault(str(each.get("key")), [str(value) for value in items(each.get("values"))])
    return found
