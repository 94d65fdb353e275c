"""The cluster: Kubernetes version, operating system, distribution, registries."""
