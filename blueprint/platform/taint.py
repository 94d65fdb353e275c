"""A node taint and the toleration for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taint:
    """A node taint; `value` may be empty."""

    key: str
    value: str
    effect: str

    @property
    def toleration(self) -> dict[str, str]:
        """The toleration for this taint with any value."""
        return {"key": self.key, "operator": "Exists", "effect": self.effect}
