"""What a proof says."""

from __future__ import annotations

import enum

from blueprint.allocation.matching import SelectorFault
from blueprint.allocation.why import Reason
from blueprint.records import Record


class Outcome(enum.StrEnum):
    """How a pod with claims comes out."""

    FITS = "fits"
    REFUSED = "refused"
    """The API server refuses the claim, or its class."""
    ABORTS = "aborts"
    """A selector fails, or the claim cannot be allocated at all: the scheduler stops, whatever other nodes have."""
    NO_CLASS = "no class"
    NO_DEVICE = "no device"
    """No device on any node matches a request."""
    TAINTED = "tainted"
    """Devices match, but have taints that the request does not tolerate."""
    TOO_FEW = "too few"
    """Devices match, but there are not enough of them on any node."""
    CONSTRAINT = "constraint"
    """There are enough, but no set of them satisfies the constraints."""
    INCOMPLETE = "incomplete"
    """The pools where devices might be cannot be used."""
    UNKNOWN = "unknown"


CLOSENESS = (
    Outcome.INCOMPLETE, Outcome.NO_DEVICE, Outcome.TAINTED, Outcome.TOO_FEW, Outcome.CONSTRAINT, Outcome.UNKNOWN,
    Outcome.FITS,
)  # fmt: skip
"""From what is furthest from fitting to what fits."""


class GroupAnswer(Record):
    """How a pod comes out on nodes that have the same devices.

    Attributes:
        group: The nodes.
        nodes: How many there are.
        outcome: The same for each of them.
        reason: Why it does not fit, or why that is not known.
        at_once: How many such pods each node holds; None where nothing limits them, or where it is not known.
        chosen: Which alternatives are taken, by request, where there are some.
    """

    group: str
    nodes: int
    outcome: Outcome
    reason: str = ""
    at_once: int | None = None
    chosen: tuple[str, ...] = ()


class ClaimVerdict(Record):
    """Whether a pod with its claims fits, and why not.

    Attributes:
        outcome: The worst that matters: an abort on one node counts for all.
        reason: In one sentence.
        groups: By group of nodes; empty where it does not get that far.
        reasons: Why devices do not match, by sort of device, where that is what is wrong.
        request: The full name of the request that the reason is about, if it is about one.
        claim: The position of the claim that the reason is about.
        fault: The selector that the reason is about.
        notes: What could be better, or is not known, although it fits.
    """

    outcome: Outcome
    reason: str = ""
    groups: tuple[GroupAnswer, ...] = ()
    reasons: tuple[Reason, ...] = ()
    request: str = ""
    claim: int = 0
    fault: SelectorFault | None = None
    notes: tuple[str, ...] = ()

    @property
    def nodes(self) -> int:
        """How many nodes were looked at."""
        return sum(each.nodes for each in self.groups)

    @property
    def fitting_nodes(self) -> int:
        """On how many of them it fits."""
        return sum(each.nodes for each in self.groups if each.outcome is Outcome.FITS)

    @property
    def at_once(self) -> int | None:
        """How many such pods fit at once; None where that is not limited or not known."""
        found = [each for each in self.groups if each.outcome is Outcome.FITS]
        if any(each.at_once is None for each in found):
            return None
        return sum(each.nodes * (each.at_once or 0) for each in found)
