"""Rules about NetworkPolicy."""

GROUPS = ("networking.k8s.io",)
