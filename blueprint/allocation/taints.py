"""Device taints, and whether a request tolerates them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Taint = Mapping[str, Any]
_PREVENT = ("NoSchedule", "NoExecute")


def prevents(taints: Iterable[Taint], tolerations: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a taint prevents the allocation of a device. The effect None is informational."""
    return any(
        taint.get("effect") in _PREVENT and not any(tolerates(each, taint) for each in tolerations) for taint in taints
    )


def tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    """Whether a toleration matches a taint. Nodes and devices follow the same rules."""
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("key") not in (None, "", taint.get("key")):
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")
