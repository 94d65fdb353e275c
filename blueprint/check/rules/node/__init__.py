"""Rules about Node."""
