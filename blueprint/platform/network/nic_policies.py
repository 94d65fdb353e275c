"""The Network Operator's custom resources: one NicClusterPolicy if all of its pools are alike, otherwise one
NicNodePolicy per pool.

The operator rejects a section that is in both, so a platform uses only one of them: either all pools have their own
policies, or none has.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from blueprint.platform.components.digests import digest
from blueprint.platform.drivers.model import POOL_LABEL
from blueprint.platform.network.model import CARD_VENDOR, OPERATOR, PoolNetwork
from blueprint.platform.nodes.taints import PoolTaint, Taint
from blueprint.platform.tracking.recorder import tracked_property
from blueprint.platform.tracking.sources import Source
from blueprint.platform.views import PlatformView, PoolView

LONGEST_POLICY = 30
"""The operator derives labels from a NicNodePolicy's name and rejects longer ones."""


class NetworkPool(PoolView, Protocol):
    """A pool, and the fabric that connects its nodes."""

    @property
    def network(self) -> PoolNetwork | None:
        """The fabric."""


class NetworkPlatform(PlatformView, Protocol):
    """The platform, and the fabrics of its pools."""

    @property
    def pools(self) -> Sequence[NetworkPool]:
        """All pools."""


class NicPolicy:
    """The operator's functions on the nodes of one pool, or of several equal ones."""

    def __init__(self, pool: NetworkPool, network: PoolNetwork, platform: NetworkPlatform) -> None:
        self._pool = pool
        self._network = network
        self._platform = platform

    @tracked_property
    def name(self) -> str:
        """The pool's name; shortened to a prefix and a digest if the operator would reject it."""
        return short_name(self._pool.own_label)

    @tracked_property
    def selector(self) -> dict[str, str]:
        """The label that no two pools share."""
        return {POOL_LABEL: self._pool.own_label}

    @tracked_property
    def ofed(self) -> bool:
        """Whether it installs DOCA-OFED."""
        return self._network.owner == OPERATOR

    @tracked_property
    def shared_config(self) -> str | None:
        """The configuration of the RDMA shared device plugin; None if the adapters are not shared."""
        if not self._network.shared:
            return None
        # Without a prefix the plugin uses `rdma`; the operator rejects that value if it is explicit.
        hca_max = self._platform.setting("rdmaHcaMax")
        return _json({"configList": [{"resourceName": self._resource, "rdmaHcaMax": hca_max,
                                      "selectors": {"vendors": [CARD_VENDOR], **self._link}}]})  # fmt: skip

    @tracked_property
    def exclusive_config(self) -> str | None:
        """The configuration of the SR-IOV device plugin, which allocates whole adapters; None if they are shared."""
        if self._network.shared:
            return None
        cards = {"vendors": [CARD_VENDOR], "isRdma": True, **self._link}
        return _json({"resourceList": [{"resourcePrefix": self._prefix, "resourceName": self._resource,
                                        "selectors": cards}]})  # fmt: skip

    @tracked_property
    def _resource(self) -> str:
        return (self._network.resource or "").partition("/")[2]

    @tracked_property
    def _prefix(self) -> str:
        return (self._network.resource or "").partition("/")[0]

    @tracked_property
    def _link(self) -> dict[str, list[str]]:
        return {"linkTypes": [self._network.link]}


class NicPolicies:
    """The networks of all pools that use the Network Operator."""

    def __init__(self, platform: NetworkPlatform) -> None:
        self._platform = platform

    @tracked_property
    def _served(self) -> list[tuple[NetworkPool, PoolNetwork]]:
        found = ((pool, pool.network) for pool in self._platform.pools)
        return [(pool, network) for pool, network in found if network and network.by_network_operator]

    @tracked_property
    def pools(self) -> list[str]:
        """The names of the pools, as in their node labels."""
        return [pool.own_label for pool, _ in self._served]

    @tracked_property
    def label(self) -> str:
        """The label with the pool of a node."""
        return POOL_LABEL

    @tracked_property
    def per_pool(self) -> bool:
        """Whether each pool has its own policy."""
        return len({network.same() for _, network in self._served}) > 1

    @tracked_property
    def together(self) -> NicPolicy | None:
        """The contents of the NicClusterPolicy, if all pools are alike."""
        return None if self.per_pool or not self._served else NicPolicy(*self._served[0], self._platform)

    @tracked_property
    def policies(self) -> list[NicPolicy]:
        """The NicNodePolicies."""
        return [NicPolicy(*each, self._platform) for each in self._served] if self.per_pool else []

    @tracked_property
    def has_cluster_policy(self) -> bool:
        """Whether there is a NicClusterPolicy: for equal pools, or for fields that a NicNodePolicy does not have."""
        wanted = ("secondaryNetworks", "ipam")
        return not self.per_pool or any(self._platform.setting(name) for name in wanted)

    @tracked_property
    def cluster_ofed(self) -> bool:
        """Whether the NicClusterPolicy installs DOCA-OFED."""
        return self.together.ofed if self.together else False

    @tracked_property
    def cluster_shared_config(self) -> str | None:
        """The NicClusterPolicy's configuration of the RDMA shared device plugin."""
        return self.together.shared_config if self.together else None

    @tracked_property
    def cluster_exclusive_config(self) -> str | None:
        """The NicClusterPolicy's configuration of the SR-IOV device plugin."""
        return self.together.exclusive_config if self.together else None

    @tracked_property
    def _policies(self) -> list[NicPolicy]:
        return [self.together] if self.together else self.policies

    @tracked_property
    def ofed(self) -> bool:
        """Whether DOCA-OFED is installed on any node."""
        return any(policy.ofed for policy in self._policies)

    @tracked_property
    def architectures(self) -> list[str]:
        """Processor architectures of the nodes with DOCA-OFED; `amd64` if unknown."""
        found = (pool for pool, network in self._served if network.owner == OPERATOR)
        return sorted({pool.hardware.machine.get("arch", "amd64") for pool in found})

    @tracked_property
    def shared(self) -> bool:
        """Whether pods of any pool share adapters."""
        return any(policy.shared_config for policy in self._policies)

    @tracked_property
    def exclusive(self) -> bool:
        """Whether pods of any pool get whole adapters."""
        return any(policy.exclusive_config for policy in self._policies)

    @tracked_property
    def ipoib(self) -> bool:
        """Whether any pool has InfiniBand, so that secondary networks need its plugin."""
        return any(network.fabric == "infiniband" for _, network in self._served)

    @tracked_property
    def efa_pools(self) -> list[str]:
        """Names of the pools whose EFA interfaces our device plugin advertises."""
        return [pool.own_label for pool in self._platform.pools if pool.network and pool.network.by_efa_plugin]

    @tracked_property
    def taints(self) -> tuple[PoolTaint, ...]:
        """All taints of the pools with a network, without duplicates and values."""
        lines: dict[tuple[str, str], list[Source]] = {}
        for pool in self._platform.pools:
            for taint in pool.taints if pool.network else ():
                lines.setdefault((taint.key, taint.effect), []).append(pool.taint_source(taint))
        return tuple(PoolTaint(Taint(key, "", effect), tuple(lines[key, effect])) for key, effect in sorted(lines))


def short_name(name: str) -> str:
    """The name, or a prefix of it and a digest if it is too long for a NicNodePolicy."""
    return name if len(name) <= LONGEST_POLICY else f"{name[: LONGEST_POLICY - 9].rstrip('-')}-{digest(name)}"


def _json(value: Any) -> str:
    """JSON in the style of the operator's own examples: without quotes that would interfere with a template."""
    return json.dumps(value, separators=(", ", ": "))
