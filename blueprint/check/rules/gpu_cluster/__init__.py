"""Rules about GPUCluster."""

GROUPS = ("nvidia.com",)
