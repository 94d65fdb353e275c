"""Limits in a namespace of the GPU stack: the same rule as for quotas."""

from blueprint.check.rules.resource_quota.stack import limited

RULES = (limited,)
