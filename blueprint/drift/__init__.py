"""Drift: whether the cluster, and the GPUs in its nodes, still match the bundle, and who changed them.

The entry point is `detect.detect_drift(bundle, view)`; a view is a cluster (`view.ClusterView`) or a file
(`snapshot.read_snapshot`).
"""
