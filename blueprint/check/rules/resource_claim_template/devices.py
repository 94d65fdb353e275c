"""A ResourceClaimTemplate: what it asks for, how it selects, how it configures."""

from __future__ import annotations

from blueprint.check.claims import comparisons, opaque_config, requests, selectors

RULES = (*requests.RULES, *selectors.RULES, *comparisons.RULES, *opaque_config.RULES)
