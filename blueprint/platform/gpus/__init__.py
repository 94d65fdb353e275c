"""The GPUs of nodes: products and counts."""
