"""Facts about the Kubernetes API itself: schemas, CRDs, defaults, names, order of kinds."""
