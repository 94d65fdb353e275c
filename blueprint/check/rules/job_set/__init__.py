"""Rules about JobSet."""
