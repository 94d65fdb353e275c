"""Evaluates what was observed about a workload: scheduled or not, as expected or not, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from blueprint.bundle.model import BundlePool, Object
from blueprint.diagnostics import Code, Diagnostic, Note, Span
from blueprint.lab import codes
from blueprint.lab.trial.claims import ClaimFacts
from blueprint.lab.trial.decisions import QueueDecision
from blueprint.lab.trial.diagnosis import Diagnosis, diagnose
from blueprint.lab.trial.follow import Seen
from blueprint.lab.trial.model import Placement, Workload, WorkloadOutcome
from blueprint.lab.trial.node_fit import NodeState
from blueprint.lab.trial.requests import requests_in_words, requests_of
from blueprint.lab.trial.stand_ins import templates_of
from blueprint.lab.trial.submit import Refusal
from blueprint.records import Record, replace

Json = Mapping[str, Any]


_QUOTA = "request less, or give the tenant a larger quota; `blueprint admit` shows how much it can get"


class _Why(Record):
    """Why a workload is not scheduled: the code and the message of the finding, and further facts."""

    code: Code
    text: str
    diagnosis: Diagnosis | None = None
    help: str | None = None
    spoken: str = ""


class Judge:
    """Knows the final state of the nodes, and their pools."""

    def __init__(
        self, nodes: Sequence[NodeState], pools: Sequence[BundlePool], facts: ClaimFacts, timeout: float
    ) -> None:
        self._nodes = nodes
        self._pools = pools
        self._facts = facts
        self._timeout = timeout

    def refused(self, workload: Workload, refusal: Refusal) -> Placement:
        """The result for a workload that the API server rejected."""
        finding = refusal_of(workload.object, refusal)
        return Placement(workload, WorkloadOutcome.REFUSED, self._requests(workload), 1, {}, finding)

    def judged(self, workload: Workload, seen: Seen) -> Placement:
        """The result for a workload that exists, with its pods."""
        nodes = Counter(str(pod["spec"]["nodeName"]) for pod in seen.pods if pod["spec"].get("nodeName"))
        wanted = max(len(seen.pods), seen.wanted or 0)
        nowhere = workload.followed[0].id.kind == "DaemonSet" and seen.wanted == 0
        if seen.complete and not nowhere:
            placement = Placement(workload, WorkloadOutcome.PLACED, self._requests(workload), wanted, nodes)
            return placement if placement.expected else _against_expectation(placement)
        if seen.pending:
            why = self._pending(workload, seen, wanted, nodes)
            return self._unplaced(workload, WorkloadOutcome.NOT_PLACED, wanted, nodes, why)
        if nowhere:
            found = self._diagnosis(workload, _spec_of(workload.object))
            text = f"{workload.object.id} is not placed: it has no pod, because no node accepts one; {found.headline}"
            return self._unplaced(workload, WorkloadOutcome.NOT_PLACED, 0, nodes, _Why(codes.NOT_PLACED, text, found))
        if seen.refusal:
            why = _Why(codes.WORKLOAD_REFUSED, f"the pods of {workload.object.id} cannot be created: {seen.refusal}")
            return self._unplaced(workload, WorkloadOutcome.REFUSED, wanted, nodes, why)
        why = self._undecided(workload, seen, wanted, nodes)
        return self._unplaced(workload, WorkloadOutcome.UNDECIDED, wanted, nodes, why)

    def waits(self, workload: Workload, decision: QueueDecision, nodes: Mapping[str, int] | None = None) -> Placement:
        """The result for a workload that its queue does not admit, or of which it admits only some pods."""
        why = _Why(codes.WAITS, f"{workload.object.id} waits in its queue: {decision.in_words()}", help=_QUOTA)
        wanted = sum(each.number for each in templates_of(workload.object))
        placement = self._unplaced(workload, WorkloadOutcome.WAITS, wanted, nodes or {}, why)
        return replace(placement, decision=decision)

    def _pending(self, workload: Workload, seen: Seen, wanted: int, nodes: Counter[str]) -> _Why:
        pod = seen.pending[0]
        spoken = seen.spoken(pod).partition(", preemption:")[0]
        found = self._diagnosis(workload, pod["spec"])
        placed = f"only {nodes.total()} of {wanted} pods are placed; " if wanted > 1 else ""
        reason = spoken if found.unexplained else found.headline or spoken
        text = f"{workload.object.id} is not placed: {placed}{reason}"
        return _Why(codes.NOT_PLACED, text, found, spoken=spoken)

    def _undecided(self, workload: Workload, seen: Seen, wanted: int, nodes: Counter[str]) -> _Why:
        name, kind = workload.object.id, workload.object.id.kind
        text = f"{name} is undecided after {self._timeout:g} s: only {nodes.total()} of {wanted} pods are placed"
        if seen.left_alone:
            text = f"{name} is undecided, because the controller of {kind} objects does not run in a lab"
        return _Why(codes.UNDECIDED, text)

    def _unplaced(
        self, workload: Workload, outcome: WorkloadOutcome, wanted: int, nodes: Mapping[str, int], why: _Why
    ) -> Placement:
        obj, found = workload.object, why.diagnosis
        requests = self._requests(workload)
        diagnostic = Diagnostic(
            why.code,
            why.text,
            at=_place(obj),
            notes=tuple(Note(line) for line in (found.lines[1:] if found else ())),
            help=why.help or (found.help if found and found.help else None),
            subject=str(obj.id),
            evidence=(("requests", requests), *((("scheduler", why.spoken),) if why.spoken else ())),
        )
        return Placement(workload, outcome, requests, wanted, nodes, diagnostic)

    def _diagnosis(self, workload: Workload, spec: Json) -> Diagnosis:
        return diagnose(spec, _namespace(workload), self._nodes, self._pools, self._facts)

    def _requests(self, workload: Workload) -> str:
        spec = _spec_of(workload.object)
        return requests_in_words(spec, self._facts.in_words(spec, _namespace(workload)))


def refusal_of(obj: Object, refusal: Refusal) -> Diagnostic:
    """The diagnostic for an object that the API server rejected."""
    help_ = None
    if refusal.unknown_kind:
        help_ = (
            "add the definition of the kind to the folder, or let the blueprint install the component that defines it"
        )
    elif refusal.no_namespace:
        help_ = "add the Namespace to the folder, or let the blueprint create it"
    text = f"the API server rejects {obj.id}: {refusal.text}"
    return Diagnostic(codes.WORKLOAD_REFUSED, text, at=_place(obj), subject=str(obj.id), help=help_)


def _against_expectation(placement: Placement) -> Placement:
    obj = placement.workload.object
    text = f"{obj.id} is placed on {', '.join(placement.nodes)}, but must not be placed"
    return replace(placement, finding=Diagnostic(codes.PLACED_AGAINST, text, at=_place(obj), subject=str(obj.id)))


def _namespace(workload: Workload) -> str:
    return workload.object.id.namespace or "default"


def _spec_of(obj: Object) -> Json:
    return max((each.spec for each in templates_of(obj)), key=lambda spec: len(requests_of(spec)), default={})


def _place(obj: Object) -> Span | None:
    """The location of its pod template; None for an object that no user wrote."""
    path = next((each.path for each in templates_of(obj)), ("metadata", "name"))
    origin = obj.origin(path) if obj.origins else None
    return origin.place.head if origin else None
