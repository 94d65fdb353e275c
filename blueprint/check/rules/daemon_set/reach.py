"""DaemonSets of the platform that must reach every GPU node."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import Complaint
from blueprint.check.rules.cluster_policy.alone import OPERANDS_KEPT_AWAY
from blueprint.check.rules.context import USERS, Known, inside, tolerates

_TOLERATIONS = ("spec", "template", "spec", "tolerations")


def reach(subject: Object, known: Known) -> Iterator[Complaint]:
    """A pool's taint that a DaemonSet of ours does not tolerate: by a patch, since they are derived from the pools."""
    if subject.component == USERS:
        return
    given = inside(subject.data, *_TOLERATIONS)
    for pool in known.nodes:
        for taint in pool.taints:
            if not tolerates(given, taint):
                text = f"no toleration for the taint {taint.key}:{taint.effect} of pool {pool.name}"
                help_ = f"add {{key: {taint.key}, operator: Exists, effect: {taint.effect}}}"
                yield Complaint(OPERANDS_KEPT_AWAY, _TOLERATIONS, text, help_)
                return


RULES = (reach,)
