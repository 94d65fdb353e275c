"""Proofs for claims against the devices that the platform's nodes will have. Computed once and used by rules."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.allocation.claims import Claim, ClaimableClass, DeviceRequest, SelectorText, read_claim, read_class
from blueprint.allocation.matching import Match
from blueprint.allocation.prove import Prover
from blueprint.allocation.verdict import ClaimVerdict
from blueprint.bundle.model import Object
from blueprint.catalog.component_files.devices import Devices
from blueprint.cel.devices import is_available
from blueprint.check.claims.model import CLASS, devices_of
from blueprint.check.rule_context import RuleContext


class Proofs:
    """The prover of a platform, and the drivers for which it is valid.

    Args:
        prover: The prover with the nodes and classes of the platform.
        drivers: The drivers whose devices were predicted. Claims for other drivers are not checked.
    """

    def __init__(self, prover: Prover, drivers: frozenset[str]) -> None:
        self.prover = prover
        self._drivers = drivers
        self._known: dict[int, ClaimVerdict | None] = {}

    def verdict(self, subject: Object) -> ClaimVerdict | None:
        """The verdict on a claim, or on the claims that a template creates; None if it cannot be checked here."""
        if id(subject) not in self._known:
            claim = claim_of_object(subject)
            self._known[id(subject)] = self.prover.prove([claim]) if self.judges([claim]) else None
        return self._known[id(subject)]

    def judges(self, claims: Iterable[Claim]) -> bool:
        """Whether everything that is claimed belongs to drivers whose devices were predicted."""
        requests = [request for claim in claims for request in claim.every_request()]
        return bool(requests) and all(self._is_ours(request) for request in requests)

    def _is_ours(self, request: DeviceRequest) -> bool:
        its = self.prover.classes.get(request.device_class)
        return its is not None and any(driver in each.text for each in its.selectors for driver in self._drivers)

    def matches(self, name: str) -> Match:
        """Whether any device belongs to a class. UNKNOWN if this cannot be decided, or concerns other drivers."""
        request = DeviceRequest("", "", (), name)
        found = {outcome for group in self.prover.groups for outcome in self.prover.matcher.vector(request, group)}
        if not self._is_ours(request) or any(group.unclear for group in self.prover.groups):
            return Match.UNKNOWN
        worst = (Match.ABORTS, Match.YES, Match.UNKNOWN)
        return next((each for each in worst if each in found), Match.NO)


def proofs(context: RuleContext) -> Proofs | None:
    """The proofs of a platform, if its DRA driver and nodes are known and CEL can be evaluated."""
    return context.once(_proofs) if is_available() else None


def _proofs(context: RuleContext) -> Proofs | None:
    dra = context.dra
    if dra is None or dra.driver is None:
        return None
    groups = dra.nodes()
    if not any(group.devices for group in groups):
        return None
    written = (read_class(each.data) for each in context.objects_of_kind(CLASS))
    drivers = frozenset(device.driver for group in groups for device in group.devices)
    return Proofs(Prover(groups, classes_of(dra.devices, written), dra.kubernetes), drivers)


def classes_of(devices: Devices, written: Iterable[ClaimableClass]) -> list[ClaimableClass]:
    """The classes that the driver installs, overridden by those among the objects."""
    found = {name: _usual(name, each.driver, each.sort) for name, each in devices.classes.items()}
    found |= {each.name: each for each in written}
    return list(found.values())


def _usual(name: str, driver: str, sort: str) -> ClaimableClass:
    """A class as defined in the driver's chart."""
    text = f"device.driver == '{driver}' && device.attributes['{driver}'].type == '{sort}'"
    return ClaimableClass(name, (SelectorText(text, ()),))


def claim_of_object(subject: Object) -> Claim:
    """The claim in an object, which may be a claim or a template."""
    return read_claim(str(subject.id), devices_of(subject))


def shown(verdict: ClaimVerdict, most: int = 6) -> tuple[tuple[str, str], ...]:
    """Why devices do not match, as evidence: the nodes and the type of device, and the condition."""
    rows = [(f"{each.number} {each.device} on {each.group}", each.text) for each in verdict.reasons]
    more = ((f"and {len(rows) - most} more", ""),) if len(rows) > most else ()
    return (*rows[:most], *more)
