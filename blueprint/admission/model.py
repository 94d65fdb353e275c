"""The results of an admission check."""

from __future__ import annotations

import enum
from functools import cached_property

from blueprint.admission.together import Whole
from blueprint.bundle.model import Object, Path
from blueprint.records import Record

_ONE_BY_ONE = ("Deployment", "ReplicaSet", "DaemonSet")
"""Kinds whose pods are admitted individually."""


class Fit(enum.StrEnum):
    """Whether a pod fits."""

    FITS = "fits"
    NO = "no"
    UNKNOWN = "unknown"


class PoolAnswer(Record):
    """The result for a workload on the nodes of one pool.

    Attributes:
        pool: The name of the pool.
        nodes: The maximum number of nodes.
        fit: Whether a pod fits on a node. All nodes of a pool are alike.
        at_once: The number of such pods that one node holds; None if unlimited or unknown.
        reasons: Why it does not fit, or why this is unknown; the first one is the summary.
        stops: Whether the pod then cannot be scheduled anywhere, whatever other pools offer.
        quota: The number of such pods that the tenant's quota allows; None if unlimited.
        gang: The number of pods of the set that start together; None if the queue admits all pods of the workload
            together.
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
        """The number of pods that all nodes hold and the quota allows."""
        limits = [self.quota, None if self.at_once is None else self.at_once * self.nodes]
        return min((each for each in limits if each is not None), default=None)


class WorkloadAnswer(Record, dict=True):
    """The result for a workload, or for a claim without a workload.

    Attributes:
        subject: The object that defines it.
        path: The part of the object that the answer is about.
        wanted: The number of pods, as far as it is declared.
        pools: The answer for each pool with GPUs.
        problem: An error that applies to every node, found before any pool is examined.
        unknown: What is unknown before any pool is examined.
        tenant: The tenant whose quota it uses; empty if no queue manages it.
        remark: A remark for users, independent of the result.
        workloads: The number of workloads as which the pods are admitted.
        set_name: The name of this pod set, if the workload has several.
        whole: The result for all pod sets together.
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
        """Whether a node fits it, and its queue can ever admit it."""
        return Fit.NO if self.whole and not self.whole.is_admitted else self.fit_alone

    @cached_property
    def fit_alone(self) -> Fit:
        """Whether a node fits it, as if it were the only pod set of its workload."""
        return Fit.NO if self.is_never_admitted else self._placed

    @property
    def together(self) -> int:
        """The number of its pods that start together."""
        gangs = [each.gang for each in self.pools if each.fit is Fit.FITS and each.gang is not None]
        return min(gangs, default=self.wanted // self.workloads)

    @cached_property
    def _placed(self) -> Fit:
        """Whether a node fits one of its pods."""
        found = {each.fit for each in self.pools}
        if self.problem:
            return Fit.NO
        if Fit.FITS in found:
            return Fit.FITS
        return Fit.UNKNOWN if self.unknown or Fit.UNKNOWN in found else Fit.NO

    @property
    def nodes(self) -> tuple[int, int]:
        """The number of nodes on which it fits, and the number of all nodes."""
        return sum(each.nodes for each in self.pools if each.fit is Fit.FITS), sum(each.nodes for each in self.pools)

    @cached_property
    def at_once(self) -> int | None:
        """The number of pods of the workload that fit at once; None if unlimited or unknown."""
        totals = [each.total for each in self.pools if each.fit is Fit.FITS]
        return None if None in totals else sum(each or 0 for each in totals)

    @property
    def is_crowded(self) -> bool:
        """Whether it has more pods than fit at once."""
        return self.fit_alone is Fit.FITS and self.at_once is not None and self.at_once < self.wanted

    @property
    def admitted_at_once(self) -> bool | None:
        """Whether its queue admits all of its pods while nothing else runs; None if the queue does not decide this."""
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
        """Whether KAI has quota for all of its pods while nothing else runs; None if KAI's queue does not decide this.

        Also None if some of its pod sets start later than others.
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
        """Whether no pool has quota for all of its pods, which its queue admits together onto one pool."""
        if not self.tenant or self._placed is not Fit.FITS or self.subject.id.kind in _ONE_BY_ONE:
            return False
        quotas = [each.quota for each in self.pools if each.fit is Fit.FITS]
        return all(each is not None and each < self.together for each in quotas)
