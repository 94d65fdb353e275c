"""What is said of a workload."""

from __future__ import annotations

import enum
from functools import cached_property

from blueprint.admission.together import Whole
from blueprint.bundle.model import Object, Path
from blueprint.records import Record

_ONE_BY_ONE = ("Deployment", "ReplicaSet", "DaemonSet")
"""Kinds whose pods a queue admits each on its own."""


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
        quota: How many such pods the quota of the tenant suffices for; None where no quota limits them.
        gang: How many pods of the set start together; None where the queue admits all pods of the workload together.
    """

    pool: str
    nodes: int
    fit: Fit
    at_once: int | None = None
    reasons: tuple[str, ...] = ()
    stops: bool = False
    quota: int | None = None
    gang: int | None = None

    @property
    def total(self) -> int | None:
        """How many such pods all of its nodes hold, and the quota suffices for."""
        limits = [self.quota, None if self.at_once is None else self.at_once * self.nodes]
        return min((each for each in limits if each is not None), default=None)


class WorkloadAnswer(Record, dict=True):
    """What comes of a workload, or of a claim without one.

    Attributes:
        subject: The object that describes it.
        path: What of the object it is about.
        wanted: How many such pods it has, as far as it says.
        pools: The answer for each pool that has GPUs.
        problem: What is wrong on every node, before a pool is looked at.
        unknown: What of it is not known, before a pool is looked at.
        tenant: Whose quota it uses; empty where no queue manages it.
        remark: What users should know of it, whatever comes of it.
        workloads: As how many workloads the pods are admitted.
        set_name: What the workload calls this set of its pods, where it has several.
        whole: What comes of all of its sets together.
    """

    subject: Object
    path: Path
    wanted: int
    pools: tuple[PoolAnswer, ...] = ()
    problem: str = ""
    unknown: str = ""
    tenant: str = ""
    remark: str = ""
    workloads: int = 1
    set_name: str = ""
    whole: Whole | None = None

    @property
    def fit(self) -> Fit:
        """Whether there is a node for it, and its queue ever admits it."""
        return Fit.NO if self.whole and not self.whole.is_admitted else self.fit_alone

    @cached_property
    def fit_alone(self) -> Fit:
        """The same, were it the only set of pods."""
        return Fit.NO if self.is_never_admitted else self._placed

    @property
    def together(self) -> int:
        """How many of its pods start together."""
        gangs = [each.gang for each in self.pools if each.fit is Fit.FITS and each.gang is not None]
        return min(gangs, default=self.wanted // self.workloads)

    @cached_property
    def _placed(self) -> Fit:
        """Whether there is a node for one of its pods."""
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

    @cached_property
    def at_once(self) -> int | None:
        """How many such pods fit at once; None where that is not limited or not known."""
        totals = [each.total for each in self.pools if each.fit is Fit.FITS]
        return None if None in totals else sum(each or 0 for each in totals)

    @property
    def is_crowded(self) -> bool:
        """Whether it has more pods than fit at once."""
        return self.fit_alone is Fit.FITS and self.at_once is not None and self.at_once < self.wanted

    @property
    def admitted_at_once(self) -> bool | None:
        """Whether its queue admits all of its pods while nothing else runs; None where that is not up to the queue."""
        if not self.tenant or self._placed is not Fit.FITS:
            return None
        if any(each.fit is Fit.FITS and each.gang is not None for each in self.pools):
            return None
        if self.subject.id.kind not in _ONE_BY_ONE:
            return self.fit is Fit.FITS
        quotas = [each.quota for each in self.pools if each.fit is Fit.FITS]
        return None in quotas or sum(each or 0 for each in quotas) >= self.wanted

    @property
    def started_at_once(self) -> bool | None:
        """Whether KAI has quota for all of its pods while nothing else runs; None where that is not up to KAI's queue.

        It is not known, either, of sets of pods of which some start later.
        """
        fitting = [each for each in self.pools if each.fit is Fit.FITS]
        if not self.tenant or self._placed is not Fit.FITS or any(each.gang is None for each in fitting):
            return None
        if self.set_name:
            whole = self.whole if self.together == self.wanted else None
            return None if whole is None else not whole.lacking
        quotas = [each.quota for each in fitting]
        return None in quotas or sum(each or 0 for each in quotas) >= self.wanted

    @cached_property
    def is_never_admitted(self) -> bool:
        """Whether no pool has quota for all of its pods, which its queue admits together and onto one pool."""
        if not self.tenant or self._placed is not Fit.FITS or self.subject.id.kind in _ONE_BY_ONE:
            return False
        quotas = [each.quota for each in self.pools if each.fit is Fit.FITS]
        return all(each is not None and each < self.together for each in quotas)
