"""What an API server accepts of one ResourceSlice, by version of Kubernetes. A slice with more is refused whole."""

from __future__ import annotations

from blueprint.records import Record
from blueprint.versions import version_key


class SliceLimits(Record, kw_only=True):
    """The limits of one slice.

    Attributes:
        devices: The most devices. No pool has more: 16 GPUs of seven instances are 112.
        advanced: The most devices where one has taints, consumes counters, or has attributes that are lists.
        counter_sets: The most sets of counters.
    """

    devices: int
    advanced: int
    counter_sets: int


def slice_limits(minor: str) -> SliceLimits:
    """The limits in a minor version: validation of resource.k8s.io in Kubernetes 1.33 to 1.36."""
    if version_key(minor) < version_key("1.35"):
        return SliceLimits(devices=128, advanced=128, counter_sets=1)  # of 32 counters
    return SliceLimits(devices=128, advanced=64, counter_sets=8)
