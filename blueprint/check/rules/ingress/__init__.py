"""Rules about Ingress."""

GROUPS = ("networking.k8s.io",)
