"""Rules about Queue of KAI Scheduler."""

GROUPS = ("scheduling.run.ai",)
