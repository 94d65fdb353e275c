"""Rules about Job."""
