"""Evaluates the constraints of a claim while devices are chosen, like the scheduler (1.36)."""

from __future__ import annotations

from blueprint.allocation.claims import Constraint, DeviceRequest
from blueprint.allocation.devices import Device, Value


class ConstraintState:
    """One constraint and the devices added so far.

    Args:
        constraint: The attribute that must match or differ.
        optimistic: Whether an unknown value counts as satisfying the constraint; otherwise it counts as violating it.
    """

    def __init__(self, constraint: Constraint, *, optimistic: bool) -> None:
        self.constraint = constraint
        self._domain, _, self._name = constraint.attribute.rpartition("/")
        self._optimistic = optimistic
        self._common: Value | None = None
        self._chosen: dict[str, Value] = {}
        self._number = 0

    def value(self, device: Device) -> Value | None:
        """The device's value of the constrained attribute."""
        return device.attribute(self._domain, self._name)

    def is_unknown(self, device: Device) -> bool:
        """Whether the device's value is unknown. A placeholder is equal for devices whose real values are equal."""
        return device.is_unknown(self._domain, self._name) and self.value(device) is None

    def add(self, request: DeviceRequest, device: Device) -> bool:
        """Add a device if it satisfies the constraint together with the others, and return whether it was added."""
        if not self.constraint.concerns(request):
            return True
        if self.is_unknown(device):
            return self._optimistic
        value = self.value(device)
        if value is None:
            return False
        if self.constraint.distinct:
            # The scheduler remembers one value per request, so devices of one request are compared only with the last
            # one.
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
        """Undo `add`."""
        if not self.constraint.concerns(request) or self.is_unknown(device):
            return
        self._chosen.pop(request.parent or request.name, None)
        self._number -= 1
