"""Rules about ClusterQueue."""
