"""DaemonSets that must run on every GPU node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import USERS, Object, Path
from blueprint.check.common.device_plugins import DEVICE_PLUGIN, program
from blueprint.check.common.operand_taints import OPERANDS_REPELLED
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import DescribedPod, PoolOffer, RuleContext, inside, items, mapping, tolerates

_TOLERATIONS = ("spec", "template", "spec", "tolerations")


@rule(OPERANDS_REPELLED, needs=(Capability.POOLS,))
def reach(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A pool's taint that a DaemonSet of the platform does not tolerate because of a patch.

    The rendered tolerations are derived from the pools.
    """
    if subject.component == USERS:
        return
    given = inside(subject.data, *_TOLERATIONS)
    for pool in context.pools:
        for taint in pool.taints:
            if not tolerates(given, taint):
                text = f"does not tolerate the taint {taint.key}:{taint.effect} of pool {pool.name}"
                help_ = f"add {{key: {taint.key}, operator: Exists, effect: {taint.effect}}}"
                yield ObjectFinding(OPERANDS_REPELLED, _TOLERATIONS, text, help_)
                return


@rule(OPERANDS_REPELLED, needs=(Capability.POOLS,))
def theirs(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's DaemonSet that makes labels or GPUs of nodes known, but does not tolerate a pool's taint."""
    if subject.component != USERS:
        return
    here = context.pods_of(subject)
    needed = _DISCOVERY if context.cluster_policy else _NEEDED
    wanted = next((name for pod in here for name in map(_program, pod.containers) if name in needed), None)
    for pool in context.pools if wanted else ():
        if (wanted, pool.name) in context.once(_reached):
            continue
        taint = next((each for each in pool.taints if not tolerates(inside(subject.data, *_TOLERATIONS), each)), None)
        if taint and _chooses(here[0], pool):
            is_ = f"{taint.key}={taint.value}" if taint.value else taint.key
            text = f"does not tolerate the taint {is_}:{taint.effect} of pool {pool.name}: {wanted} does not run there"
            help_ = f"add {{key: {taint.key}, operator: Exists, effect: {taint.effect}}}"
            yield ObjectFinding(OPERANDS_REPELLED, _TOLERATIONS, text, help_)
            return


def _reached(context: RuleContext) -> frozenset[tuple[str, str]]:
    """The programs that some DaemonSet runs on the nodes of a pool, with the name of the pool."""
    programs = [(pod, [*map(_program, pod.containers)]) for pod in context.pods if _is_daemon(pod)]
    return frozenset(
        (program, pool.name)
        for pool in context.pools
        for pod, names in programs
        if any(name in _NEEDED for name in names) and _reaches(pod, pool)
        for program in names
    )


_DISCOVERY = ("node-feature-discovery",)
_NEEDED = (*_DISCOVERY, DEVICE_PLUGIN, "gpu-feature-discovery")
"""Programs that a node must run before its GPUs can be discovered or requested, by the last part of the image name.

With a ClusterPolicy, the operator runs everything after discovery.
"""


def _program(container: tuple[Path, Mapping[str, Any]]) -> str:
    """The program of a container, from its image. The topology updater has the same image as NFD, but discovers
    nothing.
    """
    words = [*items(container[1].get("command")), *items(container[1].get("args"))]
    if any("topology-updater" in str(word) for word in words):
        return ""
    return program(container[1])


def _reaches(pod: DescribedPod, pool: PoolOffer) -> bool:
    given = pod.spec.get("tolerations")
    return _chooses(pod, pool) and all(tolerates(given, taint) for taint in pool.taints)


def _is_daemon(pod: DescribedPod) -> bool:
    return pod.subject.id.kind == "DaemonSet"


def _chooses(pod: DescribedPod, pool: PoolOffer) -> bool:
    """Whether the pod's selector may match nodes of the pool: another value of one of their labels rules this out."""
    selector = mapping(pod.spec.get("nodeSelector"))
    return all(pool.labels.get(str(key), value) == value for key, value in selector.items())


RULES = (reach, theirs)
