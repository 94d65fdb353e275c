"""Proves whether a pod with claims fits: on which nodes, how many at once, or why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from blueprint.allocation.claims import Claim, ClaimableClass, DeviceRequest
from blueprint.allocation.creation import created, refusals
from blueprint.allocation.devices import NodeGroup
from blueprint.allocation.fitting import Fitting
from blueprint.allocation.matching import Match, Matcher
from blueprint.allocation.notes import improvements
from blueprint.allocation.verdict import CLOSENESS, ClaimVerdict, GroupAnswer, Outcome
from blueprint.allocation.why import Reason, reasons


class Prover:
    """Proves claims against the same classes and nodes, and caches shared results.

    Args:
        groups: The nodes, grouped by their devices.
        classes: All DeviceClasses.
        minor: The Kubernetes minor version, such as `1.36`; None if unknown.
    """

    def __init__(
        self, groups: Iterable[NodeGroup], classes: Iterable[ClaimableClass], minor: str | None = None
    ) -> None:
        self.groups = tuple(groups)
        self.classes = {each.name: each for each in classes}
        self._minor = minor
        self.matcher = Matcher(self.classes)
        self._fitting = Fitting(self.matcher)

    def prove(self, claims: Sequence[Claim], groups: Sequence[NodeGroup] | None = None) -> ClaimVerdict:
        """The verdict for a pod with these claims, on all nodes or on those of `groups`."""
        groups = self.groups if groups is None else tuple(groups)
        return self._not_allocatable(claims) or self._verdict(claims, groups)

    def _not_allocatable(self, claims: Sequence[Claim]) -> ClaimVerdict | None:
        """The verdict if the claims cannot be allocated on any kind of node, or None."""
        for number, request in _requests(claims):
            own = [(each, "") for each in request.selectors]
            if fault := next(refusals(own, self._minor), None):
                return ClaimVerdict(
                    Outcome.REFUSED, f"the API server refuses a selector: {fault.reason}",
                    request=request.full_name, claim=number, fault=fault,
                )  # fmt: skip
        for number, request in _requests(claims):
            its = self.classes.get(request.device_class)
            if its is None:
                text = f"the DeviceClass {request.device_class} does not exist"
                return ClaimVerdict(Outcome.NO_CLASS, text, request=request.full_name, claim=number)
            if fault := next(refusals(((each, its.name) for each in its.selectors), self._minor), None):
                text = f"the API server refuses a selector of the DeviceClass {its.name}: {fault.reason}"
                return ClaimVerdict(Outcome.REFUSED, text, request=request.full_name, claim=number, fault=fault)
        return None

    def _verdict(self, claims: Sequence[Claim], groups: Sequence[NodeGroup]) -> ClaimVerdict:
        outcomes = [self._fitting.answer(claims, group) for group in groups]
        for answer, fault in outcomes:
            if answer.outcome is Outcome.ABORTS:
                return ClaimVerdict(
                    Outcome.ABORTS, f"the scheduler stops at nodes of {answer.group}: {answer.reason}",
                    tuple(each for each, _ in outcomes), fault=fault, **_place(claims, fault.request if fault else ""),
                )  # fmt: skip
        found = tuple(each for each, _ in outcomes)
        fits = [each for each in found if each.outcome is Outcome.FITS]
        if fits:
            notes = (*self._unknown_costs(claims), *improvements(claims, groups, self.matcher, fits))
            return ClaimVerdict(Outcome.FITS, _fitting(fits, found), found, notes=notes)
        return self._failure(claims, groups, found)

    def _failure(
        self, claims: Sequence[Claim], groups: Sequence[NodeGroup], found: tuple[GroupAnswer, ...]
    ) -> ClaimVerdict:
        nowhere = self._matched_nowhere(claims, groups)
        if nowhere and not any(each.outcome is Outcome.UNKNOWN for each in found):
            number, request = nowhere
            why = tuple(self._reasons(request, groups))
            unusable = next((each.unusable for each in groups if each.unusable), "")
            if unusable and not why:
                return ClaimVerdict(Outcome.INCOMPLETE, unusable, found, request=request.full_name, claim=number)
            text = f"no device of any node matches the request {request.full_name}"
            return ClaimVerdict(Outcome.NO_DEVICE, text, found, why, request.full_name, number)
        best = max(found, key=lambda each: CLOSENESS.index(each.outcome), default=None)
        if best is None:
            return ClaimVerdict(Outcome.NO_DEVICE, "no node has devices", found)
        return ClaimVerdict(best.outcome, best.reason, found, tuple(self._relevant(claims, groups, best)))

    def _matched_nowhere(
        self, claims: Sequence[Claim], groups: Sequence[NodeGroup]
    ) -> tuple[int, DeviceRequest] | None:
        """The first request for which no node has a device that matches one of its alternatives."""
        for number, claim in enumerate(claims):
            for alternatives in claim.requests:
                vectors = (self.matcher.vector(each, group) for each in alternatives for group in groups)
                if not any(outcome is not Match.NO for vector in vectors for outcome in vector):
                    return number, alternatives[0]
        return None

    def _relevant(self, claims: Sequence[Claim], groups: Sequence[NodeGroup], best: GroupAnswer) -> Iterator[Reason]:
        """Why the remaining devices do not match, if there are too few that do."""
        if best.outcome in (Outcome.TOO_FEW, Outcome.TAINTED, Outcome.UNKNOWN):
            for _, request in _requests(claims):
                yield from self._reasons(request, groups)

    def _reasons(self, request: DeviceRequest, groups: Sequence[NodeGroup]) -> Iterator[Reason]:
        for group in groups:
            yield from reasons(self.matcher, request, group)

    def _unknown_costs(self, claims: Sequence[Claim]) -> Iterator[str]:
        for _, request in _requests(claims):
            for selector, _ in self.matcher.selectors(request):
                if unknown := created(selector.text, self._minor).unknown:
                    yield f"a selector of the request {request.full_name}: {unknown}"


def _place(claims: Sequence[Claim], request: str) -> Mapping[str, Any]:
    """The claim and request that a fault refers to."""
    found = ((number, each) for number, each in _requests(claims) if each.full_name == request)
    return next(({"request": each.full_name, "claim": number} for number, each in found), {})


def _requests(claims: Sequence[Claim]) -> Iterator[tuple[int, DeviceRequest]]:
    for number, claim in enumerate(claims):
        for request in claim.every_request():
            yield number, request


def _fitting(fits: Sequence[GroupAnswer], found: Sequence[GroupAnswer]) -> str:
    nodes, total = sum(each.nodes for each in fits), sum(each.nodes for each in found)
    return f"fits on {nodes} of {total} nodes"
