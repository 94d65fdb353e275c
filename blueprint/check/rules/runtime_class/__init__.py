"""Rules about RuntimeClass."""

GROUPS = ("node.k8s.io",)
