"""A ResourceClaimTemplate: the same rules as for a ResourceClaim."""

from __future__ import annotations

from blueprint.check.rules.resource_claim import devices

RULES = devices.RULES
