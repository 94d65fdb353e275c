"""Rules about EC2NodeClass."""

GROUPS = ("karpenter.k8s.aws",)
