"""A ResourceClaim: its requests, selectors and configuration."""

from __future__ import annotations

from blueprint.check.claims import (
    attributes,
    class_names,
    comparisons,
    mig_devices,
    opaque_config,
    proven,
    requests,
    selectors,
)

RULES = (
    *requests.RULES,
    *mig_devices.RULES,
    *selectors.RULES,
    *attributes.RULES,
    *class_names.RULES,
    *comparisons.RULES,
    *opaque_config.RULES,
    *proven.RULES,
)
