"""Rules about Cohort."""

GROUPS = ("kueue.x-k8s.io",)
