"""Checks offline whether user workloads fit a platform: on which pools, how many at once, or why not."""
