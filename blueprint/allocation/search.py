"""The scheduler's device search on one node: first fit, depth first, with a step limit.

Of equivalent devices only one is tried, because the others would lead to the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from blueprint.allocation.claims import MOST_DEVICES, Claim, DeviceRequest
from blueprint.allocation.constraints import ConstraintState
from blueprint.allocation.devices import NodeGroup
from blueprint.allocation.matching import Match, Matcher, SelectorFault
from blueprint.allocation.shares import Amounts, is_left, share
from blueprint.allocation.taints import prevents
from blueprint.records import replace

MOST_STEPS = 50_000
"""The maximum number of devices tried per search. Beyond it the result is unknown."""


class Chosen(NamedTuple):
    """One device of a result: the claim, the request, and the index of the device on the node."""

    claim: int
    request: DeviceRequest
    device: int


class AbortedError(Exception):
    """The scheduler stops scheduling the pod, whatever other nodes have. Contains the reason."""

    def __init__(self, reason: str, fault: SelectorFault | None = None) -> None:
        super().__init__(reason)
        self.fault = fault


class ExhaustedError(Exception):
    """The search reached its step limit."""


class _TooManyError(Exception):
    """With this choice the claim would exceed the maximum number of devices per claim."""


class _Step:
    """One device that is tried. `counts` is false if another claim shares it and has already consumed its counters."""

    def __init__(self, claim: int, request: DeviceRequest, device: int, share: Amounts, *, counts: bool) -> None:
        self.claim, self.request, self.device, self.share, self.counts = claim, request, device, share, counts
        self.added: list[ConstraintState] = []


class Usage:
    """The resources that earlier claims use on a node: devices, amounts of counters, shares of devices."""

    def __init__(self) -> None:
        self.devices: set[int] = set()
        self.counters: dict[tuple[str, str, str], int] = {}
        self.shares: dict[int, Amounts] = {}


class Search:
    """Finds devices for all claims of one pod.

    Args:
        claims: The claims to allocate.
        group: The node.
        matcher: Evaluates selectors.
        usage: What is already in use; `commit` adds to it.
        optimistic: Whether unknown counts as a match.
        without: Indices of constraints to ignore, by claim.
    """

    def __init__(
        self,
        claims: Sequence[Claim],
        group: NodeGroup,
        matcher: Matcher,
        usage: Usage,
        *,
        optimistic: bool,
        without: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        self._claims, self._group, self._matcher, self._usage = claims, group, matcher, usage
        self._optimistic = optimistic
        self._devices = group.devices
        _, self._kinds = matcher.kinds(group)
        self._states = [
            [
                ConstraintState(each, optimistic=optimistic)
                for position, each in enumerate(claim.constraints)
                if (index, position) not in without
            ]
            for index, claim in enumerate(claims)
        ]
        self._taken: dict[int, set[int]] = {}
        self._consumed = dict(usage.counters)
        self._held = {device: dict(amounts) for device, amounts in usage.shares.items()}
        self._chosen: list[Chosen] = []
        self._steps = 0
        self._all: dict[int, list[int]] = {}
        self._keys: dict[int, Any] = {}
        self._vectors = [matcher.vector(each, group) for claim in claims for each in claim.every_request()]

    def run(self) -> tuple[Chosen, ...] | None:
        """The devices, or None if there are none. Raises AbortedError or ExhaustedError."""
        self._prepare()
        try:
            return tuple(self._chosen) if self._request(0, 0) else None
        except _TooManyError:
            return None

    def commit(self) -> None:
        """Record the devices that the search found as in use for later claims."""
        for each in self._chosen:
            if not each.request.admin and not self._devices[each.device].multiple:
                self._usage.devices.add(each.device)
        self._usage.counters, self._usage.shares = self._consumed, self._held

    def _prepare(self) -> None:
        """Collect what the scheduler reads before it tries devices: all devices, and the number requested."""
        for claim in self._claims:
            least = sum(min(self._number(each) for each in alternatives) for alternatives in claim.requests)
            if least > MOST_DEVICES:
                raise AbortedError(f"{claim.name} requests {least} devices, but one claim gets at most {MOST_DEVICES}")

    def _number(self, request: DeviceRequest) -> int:
        if not request.all:
            return request.count
        if self._group.unusable:
            raise AbortedError(f"a request of all devices fails: {self._group.unusable}")
        vector = self._matcher.vector(request, self._group)
        self._all[id(request)] = [each for each in range(len(self._devices)) if self._selectable(request, vector, each)]
        return len(self._all[id(request)])

    def _selectable(self, request: DeviceRequest, vector: Sequence[Match], device: int) -> bool:
        outcome = vector[self._kinds[device]]
        if outcome is Match.ABORTS:
            fault = self._matcher.faults[request.selects, self._kinds[device], self._group.name]
            fault = replace(fault, request=request.full_name)
            raise AbortedError(str(fault), fault)
        return outcome is Match.YES or (outcome is Match.UNKNOWN and self._optimistic)

    def _request(self, claim: int, number: int) -> bool:
        """Allocate the requests of a claim from `number` on, and then those of the following claims."""
        if claim == len(self._claims):
            return True
        if number == len(self._claims[claim].requests):
            try:
                return self._request(claim + 1, 0)
            except _TooManyError:
                return False
        alternatives = self._claims[claim].requests[number]
        if len(alternatives) == 1 and not alternatives[0].parent:
            return self._devices_of(claim, number, alternatives[0], 0, 0)
        exceeded = True
        for each in alternatives:
            try:
                if self._devices_of(claim, number, each, 0, 0):
                    return True
                exceeded = False
            except _TooManyError:
                continue
        if exceeded:
            raise _TooManyError
        return False

    def _devices_of(self, claim: int, number: int, request: DeviceRequest, position: int, start: int) -> bool:
        """Allocate a request's devices from `position` on, none before `start`, and then all that follows."""
        wanted = len(self._all[id(request)]) if request.all else request.count
        if request.all and not wanted:
            return False
        if position >= wanted:
            return self._request(claim, number + 1)
        mine = sum(each.claim == claim for each in self._chosen)
        if mine + wanted - position > MOST_DEVICES:
            raise _TooManyError
        if request.all:
            device = self._all[id(request)][position]
            return self._tried(claim, number, request, position, device, must=True)
        return any(
            self._tried(claim, number, request, position, device, must=False)
            for device in self._candidates(claim, request, start)
        )

    def _candidates(self, claim: int, request: DeviceRequest, start: int) -> Iterator[int]:
        """Free devices that match. Of equivalent devices, only the first."""
        vector = self._matcher.vector(request, self._group)
        failed: set[Any] = set()
        for device in range(start, len(self._devices)):
            if self._in_use(claim, request, device) or not self._selectable(request, vector, device):
                continue
            key = self._key(device)
            if key not in failed:
                failed.add(key)
                yield device

    def _key(self, device: int) -> Any:
        """A key that is equal for devices which no request, constraint or counter of this search distinguishes."""
        if device not in self._keys:
            found = self._devices[device]
            kind = self._kinds[device]
            matches = tuple(vector[kind] for vector in self._vectors)
            values = tuple(str(state.value(found)) for states in self._states for state in states)
            unknown = tuple(state.is_unknown(found) for states in self._states for state in states)
            taints = tuple(tuple(sorted(each.items())) for each in found.taints)
            own = device if found.multiple else None
            pool = self._group.pool_of[device]
            self._keys[device] = (matches, pool, values, unknown, found.counters, taints, own)
        return self._keys[device]

    def _in_use(self, claim: int, request: DeviceRequest, device: int) -> bool:
        holders = self._taken.get(device)
        if request.admin:
            return holders is not None and claim in holders
        return device in self._usage.devices or bool(holders)

    def _tried(
        self, claim: int, number: int, request: DeviceRequest, position: int, device: int, *, must: bool
    ) -> bool:
        """Choose a device and continue; undo the choice if this fails."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise ExhaustedError
        found = self._devices[device]
        taken = share(request.capacity, found) if found.multiple else {}
        if self._in_use(claim, request, device) or taken is None:
            return False
        step = _Step(claim, request, device, taken, counts=not (found.multiple and device in self._held))
        if not self._consume(step):
            return False
        if prevents(found.taints, request.tolerations) or not self._satisfied(step):
            self._release(step)
            if must and not prevents(found.taints, request.tolerations):
                raise AbortedError(f"the request {request.name} of all devices violates a constraint of the claim")
            return False
        if not self._mark(step):
            self._release(step)
            return False
        self._chosen.append(Chosen(claim, request, device))
        try:
            if self._devices_of(claim, number, request, position + 1, device + 1):
                return True
        except _TooManyError:
            self._undo(step)
            raise
        self._undo(step)
        return False

    def _mark(self, step: _Step) -> bool:
        """Mark the device, or a share of it, as in use. Return whether enough of it was left."""
        if not self._devices[step.device].multiple:
            self._taken.setdefault(step.device, set()).add(step.claim)
            return True
        held = self._held.get(step.device, {})
        if not is_left(step.share, held, self._devices[step.device]):
            return False
        self._held[step.device] = {name: held.get(name, Fraction()) + amount for name, amount in step.share.items()}
        return True

    def _undo(self, step: _Step) -> None:
        self._chosen.pop()
        if not self._devices[step.device].multiple:
            self._taken[step.device].discard(step.claim)
        elif step.counts:
            del self._held[step.device]
        else:
            held = self._held[step.device]
            self._held[step.device] = {name: amount - step.share.get(name, 0) for name, amount in held.items()}
        self._release(step)

    def _satisfied(self, step: _Step) -> bool:
        for state in self._states[step.claim]:
            if not state.add(step.request, self._devices[step.device]):
                return False
            step.added.append(state)
        return True

    def _release(self, step: _Step) -> None:
        for state in reversed(step.added):
            state.remove(step.request, self._devices[step.device])
        for key, amount in self._uses(step):
            self._consumed[key] -= amount

    def _consume(self, step: _Step) -> bool:
        uses = list(self._uses(step))
        for key, amount in uses:
            self._consumed[key] = self._consumed.get(key, 0) + amount
        if all(self._consumed[key] <= self._group.counters.get(key, 0) for key, _ in uses):
            return True
        for key, amount in uses:
            self._consumed[key] -= amount
        return False

    def _uses(self, step: _Step) -> Iterator[tuple[tuple[str, str, str], int]]:
        pool = self._group.pool_of[step.device]
        for use in self._devices[step.device].counters if step.counts else ():
            yield (pool, use.counter_set, use.counter), use.amount


def chosen_names(found: Sequence[Chosen], group: NodeGroup) -> Mapping[str, list[str]]:
    """The names of the devices by request, for reports and tests."""
    names: dict[str, list[str]] = {}
    for each in found:
        names.setdefault(each.request.full_name, []).append(group.devices[each.device].name)
    return names
