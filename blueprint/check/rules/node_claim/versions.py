"""API versions of NodeClaim."""

from blueprint.check.common.karpenter import api_gone

RULES = (api_gone,)
