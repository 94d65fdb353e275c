"""Dynamic Resource Allocation: claims for GPUs and compute domains."""
