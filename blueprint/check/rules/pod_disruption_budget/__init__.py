"""Rules about PodDisruptionBudget."""
