"""What Kubernetes estimates that an expression over a device costs, for the largest device that there may be."""
