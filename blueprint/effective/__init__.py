"""The GPU stack as the rendered objects set it up, independent of who wrote them: templates, patches, or users' own manifests."""
