"""Rules about NodePool."""
