"""Checks Kubernetes manifests of any origin, without a blueprint."""
