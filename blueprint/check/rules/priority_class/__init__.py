"""Rules about PriorityClass."""
