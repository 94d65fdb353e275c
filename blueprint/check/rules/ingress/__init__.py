"""Rules about Ingress."""
