"""Rules about GPUCluster."""
