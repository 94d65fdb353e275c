"""Rules about ComputeDomain."""

GROUPS = ("resource.nvidia.com",)
