"""The GPU stack as the rendered objects set it up: those of templates, patches and users' own manifests alike."""
