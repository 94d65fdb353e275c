"""Rules about PriorityClass."""

GROUPS = ("scheduling.k8s.io",)
