"""Rules about NodePool."""

GROUPS = ("karpenter.sh",)
