"""Kubernetes manifests of any origin, checked without a blueprint."""
