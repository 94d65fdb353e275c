"""The cost that Kubernetes estimates for an expression over a device, assuming the largest possible device."""
