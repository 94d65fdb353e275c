"""Workloads that users of a tenant start from."""
