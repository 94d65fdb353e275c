"""Rules about CronJob."""
