"""The facts about platforms that rules receive, built without a platform."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from blueprint.allocation.devices import Device, DevicePool, NodeGroup
from blueprint.bundle.model import Object
from blueprint.check.claims.dra_context import DraContext, PoolDevices
from blueprint.check.rule import Capability
from blueprint.check.rule_context import DeclaredPrometheus, PoolOffer, RuleContext
from blueprint.records import replace


@dataclass(frozen=True)
class GivenFacts:
    pools: tuple[PoolOffer, ...] = ()
    dra: DraContext | None = None
    prometheus: DeclaredPrometheus | None = None
    capabilities: frozenset[Capability] = frozenset(Capability)

    @property
    def uses_claims(self) -> bool:
        return self.dra is not None and self.dra.driver is not None


def context(
    objects: Iterable[Object],
    pools: Iterable[PoolOffer] = (),
    dra: DraContext | None = None,
    prometheus: DeclaredPrometheus | None = None,
) -> RuleContext:
    claims = dra is not None and dra.driver is not None
    return RuleContext(objects, GivenFacts(tuple(replace(pool, claimed=claims) for pool in pools), dra, prometheus))


def dra(**changed: Any) -> DraContext:
    """DRA driver 0.5.0 on Kubernetes 1.36 with disabled feature gates and no GPUs."""
    usual = {"driver": "0.5.0", "kubernetes": "1.36", "open": frozenset(), "domains": False, "managed": False}
    return DraContext(**{**usual, "products": (), **changed})


def devices(**changed: Any) -> PoolDevices:
    """Nodes with 8 GPUs and no other known facts."""
    unknown = dict.fromkeys(("names", "architecture", "memory_mib", "profiles", "switched"))
    return PoolDevices(**{"pool": "train", "count": 8, "cut": (), **unknown, **changed})


def nodes_with(given: dict[str, Any]) -> NodeGroup:
    """Nodes with identical devices: `{name, nodes, devices: {count, attributes, capacity, unknown}}`."""
    alike = given["devices"]
    attributes = {name: {"string": text} for name, text in alike["attributes"].items()}
    unknown = dict.fromkeys(alike.get("unknown", ()), ())
    found = tuple(
        Device(f"gpu-{index}", "gpu.nvidia.com", attributes, alike["capacity"], unknown=unknown)
        for index in range(alike["count"])
    )
    return NodeGroup(given["name"], given["nodes"], (DevicePool("gpu.nvidia.com", "node", found),))
