"""Rules about ComputeDomain."""
