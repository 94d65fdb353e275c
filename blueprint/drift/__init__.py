"""Drift: whether the cluster, and the GPUs in its nodes, still are what the bundle says; and who changed them.

The entry is `detect.detect_drift(bundle, view)`; a view is a cluster (`view.ClusterView`) or a file
(`snapshot.read_snapshot`).
"""
