"""Drift: whether the cluster, and the GPUs in its nodes, still are what the bundle says; and who changed them."""
