"""The result of a proof."""

from __future__ import annotations

import enum

from blueprint.allocation.matching import SelectorFault
from blueprint.allocation.why import Reason
from blueprint.records import Record


class Outcome(enum.StrEnum):
    """The outcome for a pod with claims."""

    FITS = "fits"
    REFUSED = "refused"
    """The API server rejects the claim, or its class."""
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
    """The pools that might contain devices cannot be used."""
    UNKNOWN = "unknown"


CLOSENESS = (
    Outcome.INCOMPLETE, Outcome.NO_DEVICE, Outcome.TAINTED, Outcome.TOO_FEW, Outcome.CONSTRAINT, Outcome.UNKNOWN,
    Outcome.FITS,
)  # fmt: skip
"""Outcomes, from the furthest from fitting to the one that fits."""


class GroupAnswer(Record):
    """The answer for nodes with the same devices.

    Attributes:
        group: The nodes.
        nodes: The number of nodes.
        outcome: The outcome on each of them.
        reason: Why the claims do not fit, or why this is unknown.
        at_once: The number of such pods that each node holds; None if unlimited or unknown.
        chosen: The alternatives that are chosen, by request, if there are any.
    """

    group: str
    nodes: int
    outcome: Outcome
    reason: str = ""
    at_once: int | None = None
    chosen: tuple[str, ...] = ()


class ClaimVerdict(Record):
    """Whether a pod fits with its claims, and why not.

    Attributes:
        outcome: The decisive outcome: an abort on one node applies to all nodes.
        reason: The reason, in one sentence.
        groups: The answer for each group of nodes; empty if an earlier error prevents it.
        reasons: Why devices do not match, by kind of device, if that is the problem.
        request: The full name of the request that the reason is about, if any.
        claim: The index of the claim that the reason is about.
        fault: The selector that the reason is about.
        notes: Suggestions and unknowns of claims that fit.
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
        """The number of nodes examined."""
        return sum(each.nodes for each in self.groups)

    @property
    def fitting_nodes(self) -> int:
        """The number of nodes on which it fits."""
        return sum(each.nodes for each in self.groups if each.outcome is Outcome.FITS)

    @property
    def at_once(self) -> int | None:
        """The number of pods that fit at once; None if unlimited or unknown."""
        found = [each for each in self.groups if each.outcome is Outcome.FITS]
        if any(each.at_once is None for each in found):
            return None
        return sum(each.nodes * (each.at_once or 0) for each in found)
