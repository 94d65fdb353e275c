"""Rules about NodeClaim."""

GROUPS = ("karpenter.sh",)
