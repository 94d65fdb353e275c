"""The differences between two sets of objects, and their effects on nodes."""
