"""Rules about NetworkPolicy."""
