"""Rules about ResourceClaim."""

GROUPS = ("resource.k8s.io",)
