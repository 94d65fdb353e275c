"""Rules about RayCluster."""

GROUPS = ("ray.io",)
