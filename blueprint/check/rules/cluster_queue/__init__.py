"""Rules about ClusterQueue."""

GROUPS = ("kueue.x-k8s.io",)
