"""Who applies the manifests: `blueprint apply`, or a controller that reads them from a repository."""
