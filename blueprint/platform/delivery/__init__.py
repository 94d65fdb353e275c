"""How the manifests are applied: by `blueprint apply`, or by a controller that reads them from a repository."""
