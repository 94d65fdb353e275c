"""Effects of a changed network driver (DOCA-OFED) on nodes, according to the upgrade policy of the object that installs
it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from blueprint.bundle.model import BundlePool
from blueprint.changes import codes
from blueprint.changes.change import ChangedObject
from blueprint.changes.compare import FieldChange
from blueprint.changes.rollout import Rollout
from blueprint.diagnostics import Diagnostic, Note
from blueprint.effective.operator import CLUSTER_POLICY, NVIDIA_DRIVER
from blueprint.kubernetes.label_index import LabelIndex
from blueprint.source.paths import format_path
from blueprint.wording import counted

_PEERMEM = (
    "nvidia-peermem is built against the network driver, and keeps it in use: the GPU driver's pods on "
    "each node must rebuild it, and until then there is no RDMA to GPUs through it"
)


class NetworkRollouts:
    """The pools that network drivers can reach, and whether GPU drivers depend on them. Computed once per platform."""

    def __init__(self, after: Sequence[Mapping[str, Any]], pools: Sequence[BundlePool]) -> None:
        """`after` and `pools` are the objects and pools after the change. The objects determine whether the GPU driver
        builds nvidia-peermem.
        """
        self._after = after
        self._pools = LabelIndex((pool, _carried(pool)) for pool in pools)

    @cached_property
    def peer_memory(self) -> bool:
        """Whether GPU drivers are built with support for the network driver."""
        return any(map(_peer_memory, self._after))

    def rollout(self, spec: Mapping[str, Any]) -> Rollout:
        """The rollout of a policy, to the pools that both its selector and its affinity select."""
        required = (spec.get("nodeAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or {}
        terms = required.get("nodeSelectorTerms")
        selected = self._pools.matching(spec.get("nodeSelector") or {})
        pools = (pool for pool in selected if terms is None or any(_fits(term, _carried(pool)) for term in terms))
        return Rollout(tuple(pools), (spec.get("ofedDriver") or {}).get("upgradePolicy") or {}, {})


def network_driver(
    changed: ChangedObject, fields: Sequence[FieldChange], source: str, rollouts: NetworkRollouts
) -> Diagnostic:
    """How the new driver reaches the nodes, or that it does not.

    Args:
        changed: The NicClusterPolicy or NicNodePolicy.
        fields: Its changed fields that affect the driver.
        source: The source of this information.
        rollouts: The rollouts of the platform after the change.
    """
    reached = rollouts.rollout((changed.after or {}).get("spec") or {})
    policy = reached.policy
    version = next((f for f in fields if format_path(f.path).endswith("version")), None)
    what = f"network driver {version.before} -> {version.after}" if version else "network driver"
    peermem = [Note(_PEERMEM)] if rollouts.peer_memory else []
    if not policy.get("autoUpgrade"):
        code, message = (
            codes.NETWORK_DRIVER_HELD_BACK,
            f"{what} is not rolled out on {reached.where}, because autoUpgrade is disabled",
        )
        notes = [Note("delete the driver's pods yourself, node by node, while no pod on the node uses the network")]
    else:
        code, message = codes.NETWORK_DRIVER_ROLLOUT, f"{what} is rolled out node by node on {reached.where}"
        message += ": their pods are evicted" if _drain(policy).get("enable") else ", and no node is drained first"
        notes = [Note(text) for text in _course(policy, reached.nodes[1])]
    return Diagnostic(
        code,
        message,
        at=changed.place(fields[0].path),
        notes=(*notes, *peermem, Note(source)),
        subject=str(changed.change.id),
        path=fields[0].shown,
    )


def _course(policy: Mapping[str, Any], nodes: int) -> Iterator[str]:
    most = int(policy.get("maxParallelUpgrades", 1))
    at_once = min(most or nodes, nodes)
    waves = counted(math.ceil(nodes / at_once), "wave") if at_once else "no node"
    yield f"{at_once} of {counted(nodes, 'node')} at a time (maxParallelUpgrades {most}): {waves}"
    drain, waits = _drain(policy), int((policy.get("waitForCompletion") or {}).get("timeoutSeconds", 0))
    seconds = f"at most {drain.get('timeoutSeconds', 300)} s" if drain.get("timeoutSeconds", 300) else "without a limit"
    jobs = f"jobs get {waits} s to finish" if waits else "the wait for jobs has no time limit"
    evicted = f"each node is cordoned and drained ({seconds}); " if drain.get("enable") else "each node is cordoned; "
    yield f"{evicted}{jobs}; the cards have no network while the driver reloads"


def _drain(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    return policy.get("drain") or {}


def _carried(pool: BundlePool) -> Mapping[str, str]:
    """The known labels of a pool's nodes."""
    return {**pool.selector, **pool.labels}


def _fits(term: Mapping[str, Any], carried: Mapping[str, str]) -> bool:
    """Whether labels satisfy a term, as far as known: a node may have further labels."""
    return all(_holds(each, carried) for each in term.get("matchExpressions") or ())


def _holds(wanted: Mapping[str, Any], carried: Mapping[str, str]) -> bool:
    value, values = carried.get(wanted["key"]), wanted.get("values") or ()
    if wanted["operator"] == "In":
        return value in values or (value is None and not _ours(wanted["key"]))
    if wanted["operator"] == "NotIn":
        return value not in values
    return True


def _ours(key: str) -> bool:
    return key.startswith("gpublueprint.dev/")


def _peer_memory(data: Mapping[str, Any]) -> bool:
    """Whether an object makes the GPU driver build nvidia-peermem."""
    spec = data.get("spec") or {}
    driver = {CLUSTER_POLICY: spec.get("driver") or {}, NVIDIA_DRIVER: spec}.get(str(data.get("kind")), {})
    return bool(driver.get("enabled", True) and (driver.get("rdma") or {}).get("enabled"))
