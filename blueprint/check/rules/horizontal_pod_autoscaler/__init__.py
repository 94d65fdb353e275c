"""Rules about HorizontalPodAutoscaler."""
