"""The GPU stack as configured by all rendered objects: from templates, patches and users' own manifests."""
