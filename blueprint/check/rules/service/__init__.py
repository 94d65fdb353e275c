"""Rules about Service."""
