"""Rules about RayJob."""
