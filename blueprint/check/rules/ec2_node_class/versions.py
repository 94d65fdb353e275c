"""API versions of EC2NodeClass."""

from blueprint.check.common.karpenter import api_gone

RULES = (api_gone,)
