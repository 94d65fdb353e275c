"""What is known of the Kubernetes API itself: schemas, CRDs, defaults, names, order of kinds."""
