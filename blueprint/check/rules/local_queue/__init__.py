"""Rules about LocalQueue."""
