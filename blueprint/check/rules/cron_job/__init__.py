"""Rules about CronJob."""

GROUPS = ("batch",)
