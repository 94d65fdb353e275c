"""Dynamic Resource Allocation: GPUs and compute domains by claim."""
