"""Rules about Secret."""
