"""Rules about HorizontalPodAutoscaler."""

GROUPS = ("autoscaling",)
