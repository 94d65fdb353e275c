"""Rules about Topology, of Kueue and of KAI Scheduler."""

GROUPS = ("kueue.x-k8s.io", "kai.scheduler")
