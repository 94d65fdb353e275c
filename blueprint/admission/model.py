"""What is said of a workload."""

from __future__ import annotations

import enum

from blueprint.bundle.model import Object, Path
from blueprint.records import Record


class Fit(enum.StrEnum):
    """Whether a pod fits."""

    FITS = "fits"
    NO = "no"
    UNKNOWN = "unknown"


class PoolAnswer(Record):
    """What comes of a workload on the nodes of one pool.

    Attributes:
        pool: Its name.
        nodes: How many nodes it has at most.
        fit: The same for each of them.
        at_once: How many such pods one node holds; None where nothing limits them or it is not known.
        reasons: Why it does not fit, or why that is not known; the first is the summary.
        stops: Whether the pod is scheduled nowhere then, whatever other pools have.
    """

    pool: str
    nodes: int
    fit: Fit
    at_once: int | None = None
    reasons: tuple[str, ...] = ()
    stops: bool = False

    @property
    def total(self) -> int | None:
        """How many such pods all of its nodes hold."""
        return None if self.at_once is None else self.at_once * self.nodes


class WorkloadAnswer(Record):
    """What comes of a workload, or of a claim without one.

    Attributes:
        subject: The object that describes it.
        path: What of the object it is about.
        wanted: How many such pods it has, as far as it says.
        pools: The answer for each pool that has GPUs.
        problem: What is wrong on every node, before a pool is looked at.
        unknown: What of it is not known, before a pool is looked at.
    """

    subject: Object
    path: Path
    wanted: int
    pools: tuple[PoolAnswer, ...] = ()
    problem: str = ""
    unknown: str = ""

    @property
    def fit(self) -> Fit:
        """Whether there is a node for it."""
        found = {each.fit for each in self.pools}
        if self.problem:
            return Fit.NO
        if Fit.FITS in found:
            return Fit.FITS
        return Fit.UNKNOWN if self.unknown or Fit.UNKNOWN in found else Fit.NO

    @property
    def nodes(self) -> tuple[int, int]:
        """On how many nodes it fits, and of how many."""
        return sum(each.nodes for each in self.pools if each.fit is Fit.FITS), sum(each.nodes for each in self.pools)

    @property
    def at_once(self) -> int | None:
        """How many such pods fit at once; None where that is not limited or not known."""
        totals = [each.total for each in self.pools if each.fit is Fit.FITS]
        return None if None in totals else sum(each or 0 for each in totals)

    @property
    def is_crowded(self) -> bool:
        """Whether it has more pods than fit at once."""
        return self.fit is Fit.FITS and self.at_once is not None and self.at_once < self.wanted
