"""A ResourceClaim: what it asks for, how it selects, how it configures."""

from __future__ import annotations

from blueprint.check.rules import asking, comparing, configuring, selecting

RULES = (*asking.RULES, *selecting.RULES, *comparing.RULES, *configuring.RULES)
