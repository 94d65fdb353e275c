"""Talks to one Kubernetes API server: kubeconfig, connection, errors, discovery, field ownership."""
