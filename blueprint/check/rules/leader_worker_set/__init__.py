"""Rules about LeaderWorkerSet."""

GROUPS = ("leaderworkerset.x-k8s.io",)
