"""Rules about ResourceClaimTemplate."""

GROUPS = ("resource.k8s.io",)
