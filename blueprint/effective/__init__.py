"""What rendered objects make of the GPU stack, whoever wrote them: templates, patches, or users' own manifests."""
