"""Rules about Namespace."""
