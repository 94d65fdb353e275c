"""Rules about RayCluster."""
