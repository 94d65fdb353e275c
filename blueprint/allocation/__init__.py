"""Predicts whether the Kubernetes scheduler can allocate device claims, from plain objects."""
