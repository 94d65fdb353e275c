"""Rules about ClusterRole."""
