"""Rules about PodDisruptionBudget."""

GROUPS = ("policy",)
