"""A ResourceClaimTemplate: what it asks for, how it selects, how it configures."""

from __future__ import annotations

from blueprint.check.rules import claim_comparisons, claim_config, claim_requests, claim_selectors

RULES = (*claim_requests.RULES, *claim_selectors.RULES, *claim_comparisons.RULES, *claim_config.RULES)
