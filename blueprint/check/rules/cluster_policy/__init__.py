"""Rules about ClusterPolicy: what the GPU Operator would misunderstand, ignore or refuse at run time."""

GROUPS = ("nvidia.com",)
