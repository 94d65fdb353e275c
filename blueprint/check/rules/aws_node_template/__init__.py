"""Rules about AWSNodeTemplate."""

GROUPS = ("karpenter.k8s.aws",)
