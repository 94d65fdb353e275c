"""Workload templates for users of a tenant."""
