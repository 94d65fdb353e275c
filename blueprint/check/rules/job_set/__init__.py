"""Rules about JobSet."""

GROUPS = ("jobset.x-k8s.io",)
