"""API versions of AWSNodeTemplate."""

from blueprint.check.common.karpenter import api_gone

RULES = (api_gone,)
