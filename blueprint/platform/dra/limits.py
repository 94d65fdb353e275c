"""The API server's limits for one ResourceSlice, by Kubernetes version. A slice beyond them is rejected as a whole."""

from __future__ import annotations

from blueprint.records import Record
from blueprint.versions import version_key


class SliceLimits(Record, kw_only=True):
    """The limits for one slice.

    Attributes:
        devices: The maximum number of devices. No pool has more: 16 GPUs with seven instances are 112.
        advanced: The maximum number of devices if one has taints, consumes counters, or has list attributes.
        counter_sets: The maximum number of counter sets.
    """

    devices: int
    advanced: int
    counter_sets: int


def slice_limits(minor: str) -> SliceLimits:
    """The limits in a minor version, from the validation of resource.k8s.io in Kubernetes 1.33 to 1.36."""
    if version_key(minor) < version_key("1.35"):
        return SliceLimits(devices=128, advanced=128, counter_sets=1)  # of 32 counters
    return SliceLimits(devices=128, advanced=64, counter_sets=8)
