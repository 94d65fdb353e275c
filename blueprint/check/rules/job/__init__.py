"""Rules about Job, of Kubernetes and of Volcano."""

GROUPS = ("batch", "batch.volcano.sh")
