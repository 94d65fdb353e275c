"""Evaluates claims on one group of nodes: the search, and the reason if it finds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from blueprint.allocation.claims import Claim, DeviceRequest
from blueprint.allocation.devices import NodeGroup
from blueprint.allocation.matching import Match, Matcher, SelectorFault
from blueprint.allocation.search import AbortedError, Chosen, ExhaustedError, Search, Usage
from blueprint.allocation.shares import share
from blueprint.allocation.taints import prevents
from blueprint.allocation.verdict import GroupAnswer, Outcome
from blueprint.wording import counted

_MOST_AT_ONCE = 1_000
_BOUNDED = "the search for devices reached its limit"


class Fitting:
    """Evaluates claims on groups of nodes. Equivalent claims are searched once per group."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._known: dict[Any, GroupAnswer] = {}

    def answer(self, claims: Sequence[Claim], group: NodeGroup) -> tuple[GroupAnswer, SelectorFault | None]:
        """The answer for the claims on these nodes, and the selector that aborts the search, if any."""
        key = group.name, tuple(self._signature(claim, group) for claim in claims)
        if key not in self._known:
            try:
                self._known[key] = self._searched(claims, group)
            except AbortedError as error:
                return GroupAnswer(group.name, group.nodes, Outcome.ABORTS, str(error)), error.fault
            except ExhaustedError:
                self._known[key] = GroupAnswer(group.name, group.nodes, Outcome.UNKNOWN, _BOUNDED)
        return self._known[key], None

    def _signature(self, claim: Claim, group: NodeGroup) -> Any:
        requests = tuple(
            tuple(
                (
                    *(self._matcher.vector(each, group), each.count, each.all, each.admin),
                    *(str(each.tolerations), str(each.capacity), each.full_name),
                )
                for each in alternatives
            )
            for alternatives in claim.requests
        )  # fmt: skip
        return requests, tuple((each.attribute, each.distinct, each.requests) for each in claim.constraints)

    def _searched(self, claims: Sequence[Claim], group: NodeGroup) -> GroupAnswer:
        def search(usage: Usage | None = None, **options: Any) -> Search:
            """Create a search over the group's devices, starting from `usage`."""
            options.setdefault("optimistic", False)
            return Search(claims, group, self._matcher, usage or Usage(), **options)

        found = search().run()
        if found is not None:
            at_once = self._at_once(group, search)
            chosen = tuple(dict.fromkeys(each.request.full_name for each in found if each.request.parent))
            return GroupAnswer(group.name, group.nodes, Outcome.FITS, "", at_once, chosen)
        if group.unclear or search(optimistic=True).run() is not None:
            reason = group.unclear or self._uncertain(claims, group)
            return GroupAnswer(group.name, group.nodes, Outcome.UNKNOWN, reason)
        outcome, reason = self._failure(claims, group, search)
        return GroupAnswer(group.name, group.nodes, outcome, reason)

    def _at_once(self, group: NodeGroup, search: Any) -> int | None:
        """How many times the claims fit on one node, allocated one after another."""
        usage = Usage()
        for number in range(_MOST_AT_ONCE):
            each = search(usage)
            found = each.run()
            if found is None:
                return number
            if not any(_holds(one, group) for one in found):
                return None
            each.commit()
        return None

    def _uncertain(self, claims: Sequence[Claim], group: NodeGroup) -> str:
        """The unknown value that determines the result."""
        examples, _ = self._matcher.kinds(group)
        for request in _every(claims):
            for number, outcome in enumerate(self._matcher.vector(request, group)):
                if outcome is Match.UNKNOWN:
                    texts = (
                        self._matcher.outcome(each.text, examples[number])
                        for each, _ in self._matcher.selectors(request)
                    )
                    return next((reason for found, reason in texts if found is Match.UNKNOWN), "")  # fmt: skip
        names = [each.attribute for claim in claims for each in claim.constraints]
        return f"the values of {', '.join(names)} are not known before the nodes exist"

    def _failure(self, claims: Sequence[Claim], group: NodeGroup, search: Any) -> tuple[Outcome, str]:
        for claim in claims:
            for alternatives in claim.requests:
                failures = [self._alone(each, group) for each in alternatives]
                if all(failures):
                    return max((each for each in failures if each), key=lambda each: _ORDER.index(each[0]))
        culprits = _constraints(claims)
        if culprits and search(without=frozenset(culprits)).run() is not None:
            return Outcome.CONSTRAINT, _broken(claims, culprits, search)
        wanted = sum(each.count for each in _every(claims) if not each.parent)
        return (
            Outcome.TOO_FEW,
            f"the requests match, but {counted(wanted, 'device')} are never free together on one node",
        )

    def _alone(self, request: DeviceRequest, group: NodeGroup) -> tuple[Outcome, str] | None:
        """Why a single request lacks devices by itself; None if it has enough."""
        vector = self._matcher.vector(request, group)
        _, kinds = self._matcher.kinds(group)
        matching = [device for number, device in enumerate(group.devices) if vector[kinds[number]] is not Match.NO]
        free = [device for device in matching if not prevents(device.taints, request.tolerations)]
        wanted = max(1, len(matching) if request.all else request.count)
        shared = any(device.multiple for device in free)
        if not matching:
            if group.unusable:
                return Outcome.INCOMPLETE, group.unusable
            return Outcome.NO_DEVICE, f"no device matches the request {request.full_name}"
        if len(free) < wanted and len(matching) >= wanted:
            keys = sorted({str(taint.get("key")) for device in matching for taint in device.taints})
            text = f"the request {request.full_name} does not tolerate the taint {', '.join(keys)} of its devices"
            return Outcome.TAINTED, text
        if len(free) < wanted and not shared:
            devices = counted(wanted, "device")
            text = f"the request {request.full_name} needs {devices}, but a node has only {len(free)} that match"
            return Outcome.TOO_FEW, text
        return None


_ORDER = (Outcome.INCOMPLETE, Outcome.NO_DEVICE, Outcome.TAINTED, Outcome.TOO_FEW)


def _holds(found: Chosen, group: NodeGroup) -> bool:
    """Whether the allocation takes the device or a share of it. Administrative access does not."""
    device = group.devices[found.device]
    taken = share(found.request.capacity, device) if device.multiple else None
    return not found.request.admin and (not device.multiple or any((taken or {}).values()))


def _every(claims: Sequence[Claim]) -> Iterator[DeviceRequest]:
    for claim in claims:
        yield from claim.every_request()


def _constraints(claims: Sequence[Claim]) -> list[tuple[int, int]]:
    return [(number, position) for number, claim in enumerate(claims) for position in range(len(claim.constraints))]


def _broken(claims: Sequence[Claim], culprits: Sequence[tuple[int, int]], search: Any) -> str:
    """The constraint without which the claims fit; all constraints if several are responsible."""
    alone = [each for each in culprits if search(without=frozenset({each})).run() is not None]
    named = [claims[number].constraints[position] for number, position in alone or culprits]
    words = [f"{'distinctAttribute' if each.distinct else 'matchAttribute'} {each.attribute}" for each in named]
    return f"no set of devices satisfies {' and '.join(words)}"
