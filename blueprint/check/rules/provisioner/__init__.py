"""Rules about Provisioner."""

GROUPS = ("karpenter.sh",)
