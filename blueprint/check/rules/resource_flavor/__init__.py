"""Rules about ResourceFlavor."""

GROUPS = ("kueue.x-k8s.io",)
