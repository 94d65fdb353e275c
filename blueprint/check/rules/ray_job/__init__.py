"""Rules about RayJob."""

GROUPS = ("ray.io",)
