"""Components of the release: ownership, settings, images."""
