"""The workloads that a ClusterQueue admits, and how it reclaims quota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define

PREEMPTION_REFUSED = define("BP6544", "preemption-refused", page=__file__)
NOT_SELECTED = define("BP6545", "namespaces-not-selected", page=__file__, severity=Severity.WARNING)


@rule(PREEMPTION_REFUSED, tags=("kueue",))
def preemption_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Mutually exclusive preemption settings."""
    yield from _borrowing(mapping(inside(subject.data, "spec", "preemption")))
    yield from _preference(mapping(inside(subject.data, "spec", "flavorFungibility")))


def _borrowing(preemption: Mapping[Any, Any]) -> Iterator[ObjectFinding]:
    policy = inside(preemption, "borrowWithinCohort", "policy") or "Never"
    if policy != "Never" and preemption.get("reclaimWithinCohort", "Never") == "Never":
        path = ("spec", "preemption", "borrowWithinCohort", "policy")
        text = f"spec.preemption.borrowWithinCohort.policy is {policy}, but reclaimWithinCohort is Never"
        yield ObjectFinding(
            PREEMPTION_REFUSED, path, text, "set reclaimWithinCohort to LowerPriority or Any, or remove it"
        )


def _preference(fungibility: Mapping[Any, Any]) -> Iterator[ObjectFinding]:
    for field, usual in (("whenCanBorrow", "MayStopSearch"), ("whenCanPreempt", "TryNextFlavor")):
        if "preference" in fungibility and fungibility.get(field, usual) != "TryNextFlavor":
            path = ("spec", "flavorFungibility", "preference")
            text = f"spec.flavorFungibility.preference is {fungibility['preference']}, but {field} is not TryNextFlavor"
            yield ObjectFinding(PREEMPTION_REFUSED, path, text, f"set {field}: TryNextFlavor, or remove preference")
            return


@rule(NOT_SELECTED, tags=("kueue",))
def without_selector(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Queues without a namespace selector, which never admit anything."""
    if "namespaceSelector" not in mapping(subject.data.get("spec")):
        text = "spec.namespaceSelector is missing, so the queue admits workloads from no namespace"
        yield ObjectFinding(
            NOT_SELECTED, ("spec",), text, "namespaceSelector: {} admits workloads from every namespace"
        )


RULES = (preemption_refused, without_selector)
