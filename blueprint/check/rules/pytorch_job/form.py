"""Errors that the training operator's webhook rejects."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import define

PYTORCHJOB_REFUSED = define("BP6467", "pytorchjob-refused", page=__file__)
_TYPES = ("Master", "Worker")
_CONTAINER = "pytorch"


@rule(PYTORCHJOB_REFUSED, tags=("training",))
def pytorchjob_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Replicas that the operator rejects."""
    at = ("spec", "pytorchReplicaSpecs")
    replicas = mapping(inside(subject.data, *at))
    for kind, replica in replicas.items():
        for field, text, help_ in _faults(str(kind), replica):
            yield ObjectFinding(PYTORCHJOB_REFUSED, (*at, kind, *field), text, help_)
    elastic = mapping(inside(subject.data, "spec", "elasticPolicy"))
    if elastic and "Worker" not in replicas:
        text = "elasticPolicy needs Worker replicas"
        yield ObjectFinding(PYTORCHJOB_REFUSED, ("spec", "elasticPolicy"), text, "add spec.pytorchReplicaSpecs.Worker")
    if "nProcPerNode" in elastic and inside(subject.data, "spec", "nprocPerNode") is not None:
        path = ("spec", "elasticPolicy", "nProcPerNode")
        text = "elasticPolicy.nProcPerNode and spec.nprocPerNode are both set"
        yield ObjectFinding(PYTORCHJOB_REFUSED, path, text, "keep spec.nprocPerNode: the other one is deprecated")


def _faults(kind: str, replica: object) -> Iterator[tuple[tuple[str, ...], str, str]]:
    number = mapping(replica).get("replicas")
    if kind not in _TYPES:
        yield (), f"there is no replica type {kind}", f"use one of {', '.join(_TYPES)}"
        return
    if kind == "Master" and number != 1:
        yield ("replicas",), "Master must have exactly 1 replica", "set replicas: 1"
    containers = items(inside(replica, "template", "spec", "containers"))
    if _CONTAINER not in [mapping(each).get("name") for each in containers]:
        yield (
            ("template",),
            f"no container of {kind} is named {_CONTAINER}",
            f"rename the training container to {_CONTAINER}",
        )


RULES = (pytorchjob_refused,)
