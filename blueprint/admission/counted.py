"""The usage that queues charge for a pod: requested resources and claimed devices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from blueprint.admission.pods import machine_amounts, requested_devices
from blueprint.allocation.claims import Claim, DeviceRequest
from blueprint.bundle.model import Object
from blueprint.check.rule_context import DescribedPod
from blueprint.platform.model import Platform
from blueprint.wording import joined


class Counted:
    """How the platform's queues count claims."""

    def __init__(self, platform: Platform) -> None:
        offered = (each for pool in platform.pools for each in pool.offered.values())
        kueue = platform.queueing.kueue if platform.queueing else None
        self._by_request = platform.dra.extended_resources
        self._resources = {each.claimed.name: each.resource for each in offered if each.claimed}
        mappings = kueue.device_class_mappings if kueue else ()
        self._mapped = [name for each in mappings for name in each["deviceClassNames"]]

    @property
    def hint(self) -> str:
        """A hint about missing claims; empty if tenants have templates for them."""
        return ", and the scheduler creates claims for the devices that pods request here" if self._by_request else ""

    def amounts(self, pod: DescribedPod, claims: Sequence[Claim]) -> dict[str, Fraction]:
        """The amounts charged for one pod, by resource. Of alternatives, the first one counts."""
        found: dict[str, Fraction] = {**machine_amounts(pod)}
        for name, number in requested_devices(pod).items():
            found[name] = found.get(name, Fraction(0)) + number
        for request in (alternatives[0] for claim in claims for alternatives in claim.requests if alternatives):
            resource = self._resources.get(request.device_class)
            if resource and not request.admin:
                found[resource] = found.get(resource, Fraction(0)) + request.count
        return found

    def refused_by_kueue(self, sources: Sequence[Object], claims: Sequence[Claim]) -> str:
        """The reason why Kueue rejects workloads with these claims (v0.19, `pkg/dra/claims.go`), or an empty string."""
        if any(each.id.kind == "ResourceClaim" for each in sources):
            return "Kueue does not admit workloads that name a ResourceClaim: use a ResourceClaimTemplate"
        return next((why for claim in claims for each in claim.every_request() for why in self._reasons(each)), "")

    def _reasons(self, request: DeviceRequest) -> Iterator[str]:
        if request.parent:
            yield "Kueue does not admit claims with firstAvailable: request a single class"
        elif request.all:
            yield "Kueue does not admit claims with allocationMode All: request a number of devices"
        elif request.admin:
            yield "Kueue does not admit claims with adminAccess"
        elif request.device_class not in self._mapped:
            instead = self._instead(request.device_class)
            yield f"Kueue does not admit claims of the class {request.device_class}: {instead}"

    def _instead(self, name: str) -> str:
        if self._by_request and name in self._resources:
            return f"request {self._resources[name]}, for which the scheduler creates claims"
        return f"it counts only {joined(self._mapped)}" if self._mapped else "it counts no device class"
