"""Rules about pods, in whatever object they are described."""
