"""Rules about Deployment."""

GROUPS = ("apps",)
