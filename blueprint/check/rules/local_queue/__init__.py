"""Rules about LocalQueue."""

GROUPS = ("kueue.x-k8s.io",)
