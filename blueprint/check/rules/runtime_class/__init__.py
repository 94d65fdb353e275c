"""Rules about RuntimeClass."""
