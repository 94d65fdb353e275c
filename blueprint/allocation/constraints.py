"""Constraints of a claim while devices are chosen, as the scheduler (1.36) keeps them."""

from __future__ import annotations

from blueprint.allocation.claims import Constraint, DeviceRequest
from blueprint.allocation.devices import Device, Value


class ConstraintState:
    """One constraint and the devices that were added so far.

    Args:
        constraint: What must be alike, or must differ.
        optimistic: Whether a value that is not known counts as one that fits; otherwise it counts as one that does not.
    """

    def __init__(self, constraint: Constraint, *, optimistic: bool) -> None:
        self.constraint = constraint
        self._domain, _, self._name = constraint.attribute.rpartition("/")
        self._optimistic = optimistic
        self._common: Value | None = None
        self._chosen: dict[str, Value] = {}
        self._number = 0

    def value(self, device: Device) -> Value | None:
        """The value of a device that counts."""
        return device.attribute(self._domain, self._name)

    def is_unknown(self, device: Device) -> bool:
        """Whether the device has a value that is not known. One that is made up is alike where the real ones are."""
        return device.is_unknown(self._domain, self._name) and self.value(device) is None

    def add(self, request: DeviceRequest, device: Device) -> bool:
        """Whether the device may be chosen beside the others; if so, it is."""
        if not self.constraint.concerns(request):
            return True
        if self.is_unknown(device):
            return self._optimistic
        value = self.value(device)
        if value is None:
            return False
        if self.constraint.distinct:
            # The scheduler remembers one value for each request, so that devices of one request are compared with the
            # last one alone.
            if self._number and value in self._chosen.values():
                return False
            self._chosen[request.parent or request.name] = value
        elif self._number and value != self._common:
            return False
        else:
            self._common = value
        self._number += 1
        return True

    def remove(self, request: DeviceRequest, device: Device) -> None:
        """Take back what `add` did."""
        if not self.constraint.concerns(request) or self.is_unknown(device):
            return
        self._chosen.pop(request.parent or request.name, None)
        self._number -= 1
