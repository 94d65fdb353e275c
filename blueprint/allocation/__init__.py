"""Whether claims of devices can be allocated, as Kubernetes' scheduler would: plain objects in, verdicts out."""
