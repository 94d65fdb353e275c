"""Rules about ClusterPolicy: fields that the GPU Operator misinterprets, ignores or rejects at run time."""

GROUPS = ("nvidia.com",)
